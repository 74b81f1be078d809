// ForgeCLITests
