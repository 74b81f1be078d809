// ForgeBridgeTests
