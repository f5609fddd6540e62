// A fuzzer's input as edits of good protobuf messages: fields are cleared,
// flipped, cut, grown, set to the ends of their range; elements are removed,
// repeated, swapped. So a mutation of the input is one of the message's parts,
// at any depth, and never only of its framing.

#ifndef SOTTO_TESTS_FUZZ_MESSAGE_EDITS_H_
#define SOTTO_TESTS_FUZZ_MESSAGE_EDITS_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace sotto {

// The input, byte after byte; zeros when it has ended.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size)
      : at_(data), left_(size) {}

  bool ended() const { return left_ == 0; }
  std::uint32_t U8() {
    if (left_ == 0) return 0;
    --left_;
    return *at_++;
  }
  // Below `n`, which is not 0.
  std::uint32_t Below(std::uint32_t n) { return U8() % n; }

 private:
  const std::uint8_t* at_;
  std::size_t left_;
};

inline std::uint64_t FuzzNumber(FuzzInput& input, std::uint64_t old) {
  switch (input.Below(8)) {
    case 0:
      return 0;
    case 1:
      return old + 1;
    case 2:
      return old - 1;
    case 3:
      return std::numeric_limits<std::uint64_t>::max();
    case 4:
      return std::uint64_t{1} << input.Below(64);
    case 5:
      return old ^ std::uint64_t{1} << input.Below(64);
    default:
      return input.U8();
  }
}

inline void EditBytes(FuzzInput& input, std::string& bytes) {
  switch (input.Below(6)) {
    case 0:
      bytes.clear();
      return;
    case 1:
      bytes.push_back(static_cast<char>(input.U8()));
      return;
    case 2:
      bytes.resize(input.U8());
      return;
    case 3:
      if (!bytes.empty()) bytes.pop_back();
      return;
    case 4:
      bytes += bytes;
      return;
    default:
      if (bytes.empty()) return;
      char& at = bytes[(input.U8() << 8 | input.U8()) % bytes.size()];
      at = static_cast<char>(at ^ static_cast<char>(1u << input.Below(8)));
  }
}

// One edit somewhere in the message.
inline void EditMessage(FuzzInput& input, google::protobuf::Message& message) {
  using Field = google::protobuf::FieldDescriptor;
  const auto* of = message.GetDescriptor();
  const auto* reflection = message.GetReflection();
  const Field* field = of->field(static_cast<int>(
      input.Below(static_cast<std::uint32_t>(of->field_count()))));
  if (field->is_repeated()) {
    // All repeated fields of the session's messages are messages.
    const int size = reflection->FieldSize(message, field);
    const int index =
        size == 0
            ? 0
            : static_cast<int>(input.Below(static_cast<std::uint32_t>(size)));
    const std::uint32_t what = input.Below(6);
    if (size == 0 || what == 0) {
      reflection->AddMessage(&message, field);
    } else if (what == 1) {
      reflection->SwapElements(&message, field, index, size - 1);
      reflection->RemoveLast(&message, field);
    } else if (what == 2) {
      auto* copy = reflection->AddMessage(&message, field);
      copy->CopyFrom(reflection->GetRepeatedMessage(message, field, index));
    } else if (what == 3) {
      reflection->SwapElements(&message, field, index, size - 1);
    } else {
      EditMessage(input,
                  *reflection->MutableRepeatedMessage(&message, field, index));
    }
    return;
  }
  switch (field->cpp_type()) {
    case Field::CPPTYPE_MESSAGE:
      if (input.Below(8) == 0) return reflection->ClearField(&message, field);
      return EditMessage(input, *reflection->MutableMessage(&message, field));
    case Field::CPPTYPE_STRING: {
      std::string bytes = reflection->GetString(message, field);
      EditBytes(input, bytes);
      // A text that is no UTF-8 would not have been parsed.
      if (field->type() == Field::TYPE_STRING) {
        for (char& c : bytes) c = static_cast<char>(c & 0x7f);
      }
      return reflection->SetString(&message, field, bytes);
    }
    case Field::CPPTYPE_UINT32:
      return reflection->SetUInt32(
          &message, field,
          static_cast<std::uint32_t>(
              FuzzNumber(input, reflection->GetUInt32(message, field))));
    case Field::CPPTYPE_INT32:
      return reflection->SetInt32(
          &message, field,
          static_cast<std::int32_t>(
              FuzzNumber(input, static_cast<std::uint64_t>(
                                    reflection->GetInt32(message, field)))));
    case Field::CPPTYPE_UINT64:
      return reflection->SetUInt64(
          &message, field,
          FuzzNumber(input, reflection->GetUInt64(message, field)));
    case Field::CPPTYPE_INT64:
      return reflection->SetInt64(
          &message, field,
          static_cast<std::int64_t>(
              FuzzNumber(input, static_cast<std::uint64_t>(
                                    reflection->GetInt64(message, field)))));
    case Field::CPPTYPE_DOUBLE: {
      const double values[] = {0.0,
                               -0.0,
                               0.5,
                               1.0,
                               -1.0,
                               1e300,
                               std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity()};
      return reflection->SetDouble(&message, field, values[input.Below(8)]);
    }
    case Field::CPPTYPE_BOOL:
      return reflection->SetBool(&message, field,
                                 !reflection->GetBool(message, field));
    case Field::CPPTYPE_ENUM:
      return reflection->SetEnumValue(&message, field,
                                      static_cast<int>(input.U8()));
    case Field::CPPTYPE_FLOAT:
      return;
  }
}

// A good message with up to three edits.
template <typename Message>
Message Edited(FuzzInput& input, Message message) {
  for (std::uint32_t edits = input.Below(4); edits > 0; --edits) {
    EditMessage(input, message);
  }
  return message;
}

}  // namespace sotto

#endif  // SOTTO_TESTS_FUZZ_MESSAGE_EDITS_H_
