// Every small change of a message, field by field, whatever its type: what a
// field is cleared to, a byte less or more, a bit, a number next to it or at
// the end of its range, an element less or twice.

#ifndef SOTTO_TESTS_EVIL_SERVER_MUTATION_H_
#define SOTTO_TESTS_EVIL_SERVER_MUTATION_H_

#include <set>
#include <string>

#include "google/protobuf/message.h"

namespace sotto::evil {

// Makes the first change whose name is not in `done`, puts it there and returns
// it; "" when all were made. Of repeated fields the first element is changed.
std::string Mutate(google::protobuf::Message& message,
                   std::set<std::string>& done);

}  // namespace sotto::evil

#endif  // SOTTO_TESTS_EVIL_SERVER_MUTATION_H_
