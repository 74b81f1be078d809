// ForgeLearnTests
