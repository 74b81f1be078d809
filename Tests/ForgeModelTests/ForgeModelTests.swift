// ForgeModelTests
