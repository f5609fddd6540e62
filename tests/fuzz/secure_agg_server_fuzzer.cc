// Clients that send anything, in any phase, and journals that hold anything:
// messages are good ones with edits, signed anew or not; between them phases
// close and the server starts again from its snapshot.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "secure_agg/server_session.h"
#include "secure_agg/signed_bytes.h"
#include "tests/fuzz/message_edits.h"
#include "tests/support/cohort.h"

namespace {

using namespace sotto::secure_agg;  // NOLINT: the subject
using sotto::AsBytes;
using sotto::Bytes;
using sotto::Edited;
using sotto::FuzzInput;
using sotto::ToString;
namespace v1 = sotto::v1;

constexpr std::uint32_t kMembers = 4, kGone = 3;

void Require(bool ok) {
  if (!ok) std::abort();
}

// What each member of an honest session sends, and the server before each
// phase; recorded once.
struct Recorded {
  Cohort cohort{{.size = kMembers, .min_cohort = 3, .length = 4}};
  std::array<Bytes, 6> snapshots;  // by phase
  std::array<v1::KeyAdvertisement, kMembers> advertisements;
  std::array<v1::EncryptedShares, kMembers> shares;
  std::array<std::vector<v1::MaskedInputChunk>, kMembers> chunks;
  std::array<v1::SurvivorSignature, kMembers> signatures;
  std::array<v1::UnmaskShares, kMembers> unmasks;
  SessionId session = {};
  Bytes members = {0b1111}, survivors = {0b0111};

  Recorded() {
    ServerSession& server = cohort.server();
    const auto each = [&](std::size_t phase, const auto& step) {
      snapshots[phase] = server.Snapshot();
      for (std::uint32_t i = 0; i < kMembers; ++i) {
        if (i == kGone && phase >= 2) continue;
        step(i, cohort.client(i), cohort.id(i));
      }
      Require(server.Close().ok());
    };
    each(0, [&](std::uint32_t i, ClientSession& client, const auto&) {
      advertisements[i] = client.Advertise().value();
      Require(
          server.ReceiveAdvertisement(advertisements[i], cohort.now()).ok());
    });
    each(1, [&](std::uint32_t i, ClientSession& client, const auto& id) {
      shares[i] = client.ShareKeys(server.RosterFor(id).value()).value();
      Require(server.ReceiveShares(id, shares[i]).ok());
    });
    session = SessionIdOf(server.manifest());
    each(2, [&](std::uint32_t i, ClientSession& client, const auto& id) {
      chunks[i] = AllChunks(
          client.MaskInput(server.DeliveryFor(id).value(), cohort.input(i))
              .value());
      for (const auto& chunk : chunks[i]) {
        Require(server.ReceiveInput(id, chunk).ok());
      }
    });
    each(3, [&](std::uint32_t i, ClientSession& client, const auto& id) {
      signatures[i] =
          client.SignSurvivors(server.SurvivorsFor(id).value()).value();
      Require(server.ReceiveSurvivorSignature(id, signatures[i]).ok());
    });
    each(4, [&](std::uint32_t i, ClientSession& client, const auto& id) {
      unmasks[i] = client.Unmask(server.UnmaskRequestFor(id).value()).value();
      Require(server.ReceiveUnmaskShares(id, unmasks[i]).ok());
    });
    snapshots[5] = server.Snapshot();
    chunks[kGone] = chunks[0];
  }
};

// One message of one member; the liar holds that member's key.
absl::Status Send(FuzzInput& input, const Recorded& good,
                  ServerSession& server) {
  const std::uint32_t i = input.Below(kMembers);
  const bool anew = input.Below(4) != 0;
  const sotto::crypto::SigningKey& key = good.cohort.key(i);
  const auto& id = good.cohort.id(i);
  const auto sign = [&](auto& message, const Bytes& bytes) {
    if (anew) message.set_signature(ToString(key.Sign(bytes)));
  };
  switch (input.Below(6)) {
    case 0: {
      auto message = Edited(input, good.advertisements[i]);
      sign(message, AdvertisementBytes(message));
      return server.ReceiveAdvertisement(message, good.cohort.now());
    }
    case 1: {
      auto message = Edited(input, good.shares[i]);
      sign(message, SharesBytes(good.session, message));
      return server.ReceiveShares(id, message);
    }
    case 2: {
      const auto& chunks = good.chunks[i];
      const auto& chunk =
          chunks[input.Below(static_cast<std::uint32_t>(chunks.size()))];
      auto message = Edited(input, chunk);
      if (anew && message.last()) {
        message.set_members_signature(
            ToString(key.Sign(ClientMembersBytes(good.session, good.members))));
      }
      return server.ReceiveInput(id, message).status();
    }
    case 3: {
      auto message = Edited(input, good.signatures[i]);
      sign(message,
           ClientSurvivorBytes(good.session, good.members, good.survivors));
      return server.ReceiveSurvivorSignature(id, message);
    }
    case 4: {
      auto message = Edited(input, good.unmasks[i]);
      sign(message, UnmaskBytes(good.session, message));
      return server.ReceiveUnmaskShares(id, message);
    }
    default: {
      v1::Complaint message;
      message.set_sender(i);
      message = Edited(input, message);
      sign(message, ComplaintBytes(RoundId{9}, message));
      return server.ReceiveComplaint(id, message);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  static const Recorded& good = *new Recorded;
  FuzzInput input(data, size);
  const sotto::crypto::SigningKey& key = good.cohort.coordinator();
  const std::uint32_t start = input.Below(6);
  Bytes snapshot = good.snapshots[start];
  if (input.Below(8) == 0) {
    // A damaged journal.
    const Bytes whole = snapshot;
    const std::size_t at =
        (input.U8() << 16 | input.U8() << 8 | input.U8()) % snapshot.size();
    if (input.Below(2) == 0) snapshot.resize(at);
    if (at < snapshot.size()) {
      snapshot[at] = static_cast<std::uint8_t>(input.U8());
    }
    const bool same = snapshot == whole;
    Require(ServerSession::Restore(snapshot, key).ok() == same);
    return 0;
  }
  std::unique_ptr<ServerSession> server =
      ServerSession::Restore(snapshot, key).value();
  server->set_workers(1);
  for (int events = 0; events < 16 && !input.ended(); ++events) {
    switch (input.Below(8)) {
      case 0:
        (void)server->Close();
        break;
      case 1: {
        const Bytes bytes = server->Snapshot();
        auto again = ServerSession::Restore(bytes, key);
        Require(again.ok());
        Require((*again)->Snapshot() == bytes);
        server = *std::move(again);
        // What inputs changed, on top of the snapshot from before them.
        if (start != 2 || server->phase() != Phase::kInputs) break;
        again = ServerSession::Restore(good.snapshots[2], key);
        Require(again.ok());
        Bytes inputs = server->InputSnapshot();
        Require((*again)->RestoreInputs(inputs).ok());
        Require((*again)->Snapshot() == bytes);
        const std::size_t high = input.U8();
        inputs[(high << 8 | input.U8()) % inputs.size()] ^= 1;
        Require(!(*again)->RestoreInputs(inputs).ok());
        Require((*again)->Snapshot() == bytes);
        break;
      }
      default: {
        const Bytes before = server->Snapshot();
        const absl::Status status = Send(input, good, *server);
        // What is refused changes nothing.
        if (!status.ok()) Require(server->Snapshot() == before);
      }
    }
    for (std::uint32_t i = 0; i < kMembers; ++i) {
      const auto& id = good.cohort.id(i);
      (void)server->RosterFor(id);
      (void)server->DeliveryFor(id);
      (void)server->SurvivorsFor(id);
      (void)server->UnmaskRequestFor(id);
    }
    (void)server->Members();
    (void)server->Result();
  }
  return 0;
}
