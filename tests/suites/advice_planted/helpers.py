def sell(cart):
    cart.append("sold")


def wrapped(function):
    return function
