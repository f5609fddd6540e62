#include "bench/proof_bytes.h"

#include <memory>
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

void ClearProofs(Message& message) {
  const google::protobuf::Reflection& fields = *message.GetReflection();
  std::vector<const FieldDescriptor*> present;
  fields.ListFields(message, &present);
  for (const FieldDescriptor* field : present) {
    if (IsProof(field->name())) {
      fields.ClearField(&message, field);
    } else if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
      if (!field->is_repeated()) {
        ClearProofs(*fields.MutableMessage(&message, field));
        continue;
      }
      for (int i = 0; i < fields.FieldSize(message, field); ++i) {
        ClearProofs(*fields.MutableRepeatedMessage(&message, field, i));
      }
    }
  }
}

}  // namespace

std::size_t ProofBytes(const Message& message) {
  const std::unique_ptr<Message> bare(message.New());
  bare->CopyFrom(message);
  ClearProofs(*bare);
  return message.ByteSizeLong() - bare->ByteSizeLong();
}

}  // namespace sotto::bench
