print("forgectl")
