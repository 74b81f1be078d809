// ForgeLearn
