"""The process that serves a dock, or several of them behind one address.

With several, a first process listens. It takes connections and hands each to one of the others, in turn; these answer
requests, each as the only process of a server would. The first one starts them, watches them and ends them.
"""
