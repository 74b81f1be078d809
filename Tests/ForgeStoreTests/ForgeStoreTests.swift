// ForgeStoreTests
