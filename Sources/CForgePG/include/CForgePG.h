// Nothing of the extension is called from Swift.
