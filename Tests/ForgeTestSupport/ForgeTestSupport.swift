// ForgeTestSupport
