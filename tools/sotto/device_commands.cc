// sotto device list | revoke, against a coordinator.

#include <cstdio>
#include <memory>
#include <string>

#include "base/status.h"
#include "tools/sotto/admin_client.h"
#include "tools/sotto/command.h"
#include "tools/sotto/message_json.h"

namespace sotto::tools {
namespace {

struct DeviceFlags {
  AdminOptions admin;
  std::string device, reason;
};

absl::Status List(const DeviceFlags& flags) {
  SOTTO_ASSIGN_OR_RETURN(AdminClient client, AdminClient::Connect(flags.admin));
  SOTTO_ASSIGN_OR_RETURN(const v1::ListDevicesReply reply,
                         client.ListDevices());
  if (flags.admin.json) {
    std::printf("%s\n", MessageJson(reply).dump().c_str());
    return absl::OkStatus();
  }
  for (const v1::ListDevicesReply::Device& device : reply.devices()) {
    std::printf("%s  %-16s %s\n", HexEncode(device.device_id()).c_str(),
                device.population().c_str(),
                device.revoked() ? "revoked" : "enrolled");
  }
  return absl::OkStatus();
}

absl::Status Revoke(const DeviceFlags& flags) {
  const auto id = HexDecode(flags.device);
  if (!id.ok()) return Annotate(id.status(), "--device '" + flags.device + "'");
  SOTTO_ASSIGN_OR_RETURN(AdminClient client, AdminClient::Connect(flags.admin));
  SOTTO_RETURN_IF_ERROR(client.RevokeDevice(*id, flags.reason));
  if (flags.admin.json) {
    std::printf("%s\n",
                nlohmann::json{{"revoked", HexEncode(*id)}}.dump().c_str());
  } else {
    std::printf("device %s is revoked\n", HexEncode(*id).c_str());
  }
  return absl::OkStatus();
}

}  // namespace

void AddDeviceCommands(CLI::App& app) {
  // `sotto device issue` may have made the family already.
  const auto made = app.get_subcommands(
      [](const CLI::App* other) { return other->get_name() == "device"; });
  CLI::App* family = made.empty() ? nullptr : made.front();
  if (family == nullptr) {
    family = app.add_subcommand("device", "devices' identities");
    family->require_subcommand(1);
  }
  auto list = std::make_shared<DeviceFlags>();
  CLI::App& list_command =
      *family->add_subcommand("list", "the enrolled devices");
  AddAdminOptions(list_command, list->admin);
  SetAction(list_command, [list] { return List(*list); });

  auto revoke = std::make_shared<DeviceFlags>();
  CLI::App& revoke_command = *family->add_subcommand(
      "revoke", "refuse a device enrolment, grants and rounds from now on");
  AddAdminOptions(revoke_command, revoke->admin);
  revoke_command.add_option("--device", revoke->device, "its id in hex")
      ->required();
  revoke_command.add_option("--reason", revoke->reason,
                            "for the device to see");
  SetAction(revoke_command, [revoke] { return Revoke(*revoke); });
}

}  // namespace sotto::tools
