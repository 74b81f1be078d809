// ForgeBridge
