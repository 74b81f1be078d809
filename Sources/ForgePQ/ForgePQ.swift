// ForgePQ
