#include "tests/evil_server/mutation.h"

#include <functional>
#include <limits>
#include <vector>

namespace sotto::evil {
namespace {

using google::protobuf::FieldDescriptor;
using ProtoMessage = google::protobuf::Message;
using google::protobuf::Reflection;

struct Change {
  std::string name;
  std::function<void()> make;
};

template <typename Number, typename Set>
void AddNumbers(const std::string& name, Number value, const Set& set,
                std::vector<Change>& changes) {
  for (const auto& [what, other] :
       {std::pair(" is one more", static_cast<Number>(value + 1)),
        std::pair(" is one less", static_cast<Number>(value - 1)),
        std::pair(" is the largest", std::numeric_limits<Number>::max())}) {
    changes.push_back({name + what, [set, number = other] { set(number); }});
  }
}

void AddChanges(ProtoMessage& message, const std::string& prefix,
                std::vector<Change>& changes) {
  const Reflection* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string name = prefix + field->name();
    changes.push_back({name + " is cleared", [=, &message] {
                         reflection->ClearField(&message, field);
                       }});
    if (field->is_repeated()) {
      changes.push_back({name + " lacks its last", [=, &message] {
                           reflection->RemoveLast(&message, field);
                         }});
      changes.push_back(
          {name + " has its first twice", [=, &message] {
             reflection->AddMessage(&message, field)
                 ->CopyFrom(reflection->GetRepeatedMessage(message, field, 0));
           }});
      AddChanges(*reflection->MutableRepeatedMessage(&message, field, 0),
                 name + "[0].", changes);
      continue;
    }
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        AddChanges(*reflection->MutableMessage(&message, field), name + ".",
                   changes);
        break;
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string value = reflection->GetString(message, field);
        std::string flipped = value;
        flipped[0] = static_cast<char>(flipped[0] ^ 1);
        for (const auto& [what, other] :
             {std::pair(" is cut short", value.substr(0, value.size() - 1)),
              std::pair(" is longer", value + '\1'),
              std::pair(" has a bit flipped", flipped)}) {
          changes.push_back({name + what, [=, &message, text = other] {
                               reflection->SetString(&message, field, text);
                             }});
        }
        break;
      }
      case FieldDescriptor::CPPTYPE_UINT32:
        AddNumbers(
            name, reflection->GetUInt32(message, field),
            [=, &message](std::uint32_t value) {
              reflection->SetUInt32(&message, field, value);
            },
            changes);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        AddNumbers(
            name, reflection->GetUInt64(message, field),
            [=, &message](std::uint64_t value) {
              reflection->SetUInt64(&message, field, value);
            },
            changes);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        AddNumbers(
            name, reflection->GetInt64(message, field),
            [=, &message](std::int64_t value) {
              reflection->SetInt64(&message, field, value);
            },
            changes);
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        for (const double other :
             {-1.0, 1e300, std::numeric_limits<double>::quiet_NaN()}) {
          changes.push_back(
              {name + " is " + std::to_string(other), [=, &message] {
                 reflection->SetDouble(&message, field, other);
               }});
        }
        break;
      default:
        break;
    }
  }
}

}  // namespace

std::string Mutate(ProtoMessage& message, std::set<std::string>& done) {
  std::vector<Change> changes;
  AddChanges(message, "", changes);
  for (const Change& change : changes) {
    if (!done.insert(change.name).second) continue;
    change.make();
    return change.name;
  }
  return "";
}

}  // namespace sotto::evil
