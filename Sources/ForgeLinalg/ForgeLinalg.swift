// ForgeLinalg
