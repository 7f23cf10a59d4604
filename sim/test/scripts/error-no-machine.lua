-- exit 2
print("nothing to see")
