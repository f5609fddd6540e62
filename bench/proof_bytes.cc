#include "bench/proof_bytes.h"

#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace sotto::bench {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsProof(std::string_view name) {
  return name == "certificate" || name == "path" ||
         name.find("signature") != std::string_view::npos;
}

// One byte of tag: no field of these messages has a number above 15.
std::size_t Framed(std::size_t size) {
  std::size_t length_bytes = 1;
  for (std::size_t rest = size >> 7; rest > 0; rest >>= 7) ++length_bytes;
  return 1 + length_bytes + size;
}

}  // namespace

std::size_t ProofBytes(const Message& message) {
  const google::protobuf::Reflection& fields = *message.GetReflection();
  std::vector<const FieldDescriptor*> present;
  fields.ListFields(message, &present);
  std::size_t bytes = 0;
  for (const FieldDescriptor* field : present) {
    const bool proof = IsProof(field->name());
    if (field->type() == FieldDescriptor::TYPE_BYTES) {
      if (proof) bytes += Framed(fields.GetString(message, field).size());
    } else if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
      const int count =
          field->is_repeated() ? fields.FieldSize(message, field) : 1;
      for (int i = 0; i < count; ++i) {
        const Message& inner =
            field->is_repeated() ? fields.GetRepeatedMessage(message, field, i)
                                 : fields.GetMessage(message, field);
        bytes += proof ? Framed(inner.ByteSizeLong()) : ProofBytes(inner);
      }
    }
  }
  return bytes;
}

}  // namespace sotto::bench
