"""The reference front end: pages for citizens, officers and operators, and the JSON API, over the services' RPC."""
