"""Access policies of routes in CEL: what they may look at, how they are compiled and asked.

``attributes`` is the table of what a policy knows, ``cel`` compiles and evaluates, ``tree`` reads the checked syntax
tree, ``explanations`` says in plain words what is wrong with a policy, ``functions`` are those that CEL has not, and
``body`` makes a value of a request's body.
"""
