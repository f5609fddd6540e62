# Filled when the client library is installed (find_package(Sotto)).
