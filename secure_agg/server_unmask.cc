// The secrets of dropped and surviving members, restored from revealed shares,
// and their masks taken off the sum.

#include <algorithm>
#include <iterator>

#include "base/status.h"
#include "crypto/hkdf.h"
#include "crypto/kex.h"
#include "secure_agg/masking/mask.h"
#include "secure_agg/server_session.h"
#include "secure_agg/sharing/error_correction.h"
#include "secure_agg/sharing/shamir.h"
#include "secure_agg/sharing/share_set.h"
#include "secure_agg/signed_bytes.h"

namespace sotto::secure_agg {
namespace {

// Masks that are kept before they are taken off together: 40 KiB.
constexpr std::size_t kMasks = 1024;

crypto::X25519PublicKey MaskKeyOf(const v1::KeyAdvertisement& advertisement) {
  crypto::X25519PublicKey key;
  std::ranges::copy(AsBytes(advertisement.mask_key()), key.begin());
  return key;
}

}  // namespace

// How shares are checked against each other. On the complete graph all secrets
// have the same holders, but for their owners.
struct ServerSession::ShareChecks {
  crypto::SeededRng rng;
  std::optional<ShareSet> common;
};

absl::StatusOr<crypto::Secret<32>> ServerSession::Reconstruct(
    ShareChecks& checks, std::size_t owner) {
  const auto kind = TestBit(u3_, owner) ? v1::UnmaskShares::SELF_MASK
                                        : v1::UnmaskShares::MASK_KEY;
  std::vector<Share> shares;
  std::vector<std::uint64_t> points;
  for (const std::uint32_t holder : near_[owner]) {
    if (!members_[holder].has_unmask) continue;
    // One for each neighbour of the holder in U2, ascending.
    const auto share =
        std::ranges::lower_bound(members_[holder].unmask.shares(), owner, {},
                                 &v1::UnmaskShares::Share::owner);
    SOTTO_ASSIGN_OR_RETURN(const Share decoded,
                           DecodeShare(AsBytes(share->share()), holder + 1));
    shares.push_back(decoded);
    points.push_back(decoded.point);
  }
  const std::uint32_t t = manifest_.threshold();
  const Member& member = members_[owner];
  const auto fits = [&](const crypto::Secret<32>& secret) {
    if (kind == v1::UnmaskShares::SELF_MASK) {
      const auto h = SelfMaskCommitment(session_, secret.Reveal());
      return std::ranges::equal(h,
                                AsBytes(member.shares.self_mask_commitment()));
    }
    return crypto::X25519Key::FromBytes(secret).public_key() ==
           MaskKeyOf(member.advertisement);
  };
  if (shares.size() == t) {  // none to spare
    absl::StatusOr<crypto::Secret<32>> secret = CombineShares(shares);
    if (secret.ok() && fits(*secret)) return secret;
  }
  if (shares.size() > t) {
    std::optional<ShareSet> own;
    if (!checks.common) own.emplace(std::move(points), t, checks.rng);
    const ShareSet& holders = checks.common ? *checks.common : *own;
    // All honest: the shares agree.
    ShareSet::Combined combined = holders.Combine(shares, owner + 1);
    if (combined.consistent && combined.secret.ok() && fits(*combined.secret)) {
      return std::move(combined.secret);
    }
    absl::StatusOr<CorrectedSecret> corrected = CorrectShares(shares, t);
    if (corrected.ok() && fits(corrected->secret)) {
      for (const std::size_t at : corrected->wrong) {
        const auto holder = static_cast<std::uint32_t>(shares[at].point - 1);
        if (std::ranges::find(suspects_, holder) == suspects_.end()) {
          suspects_.push_back(holder);
        }
      }
      return std::move(corrected->secret);
    }
  }
  return absl::DataLossError(absl::StrFormat(
      "the %s of member %d cannot be reconstructed from %d shares",
      kind == v1::UnmaskShares::SELF_MASK ? "self mask" : "mask key",
      static_cast<int>(owner), static_cast<int>(shares.size())));
}

absl::Status ServerSession::RemoveMasks() {
  // Random to the holders, yet the same after a restart.
  ShareChecks checks = {
      .rng = crypto::SeededRng(key_->Sign(ShareCheckBytes(session_))),
      .common = std::nullopt};
  if (IsComplete()) {
    std::vector<std::uint64_t> points;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (members_[i].has_unmask) points.push_back(i + 1);
    }
    checks.common.emplace(std::move(points), manifest_.threshold(), checks.rng);
  }
  // All of them before the first is used: with one missing the sum stays as it
  // is.
  std::vector<crypto::Secret<32>> secrets(members_.size());
  for (std::size_t owner = 0; owner < members_.size(); ++owner) {
    if (!TestBit(u2_, owner)) continue;
    SOTTO_ASSIGN_OR_RETURN(secrets[owner], Reconstruct(checks, owner));
  }
  std::vector<Mask> masks;
  const auto take_off = [&] {
    for (const VectorSpec& spec : params_.vectors) {
      AddMasks(params_.prg, masks, spec.name, spec.bits,
               accumulator_[spec.name], workers_);
    }
    masks.clear();
  };
  // The masks that survivors share with one who dropped out: half of the work
  // is their agreements.
  const auto masks_with = [this](std::uint32_t owner,
                                 const crypto::Secret<32>& secret)
      -> absl::StatusOr<std::vector<Mask>> {
    const auto key = crypto::X25519Key::FromBytes(secret);
    std::vector<std::uint32_t> peers;
    std::ranges::copy_if(near_[owner], std::back_inserter(peers),
                         [this](std::uint32_t u) { return TestBit(u3_, u); });
    std::vector<Mask> pairs(peers.size());
    std::vector<absl::Status> failures(peers.size());
    ParallelFor(workers_, peers.size(), [&](std::size_t i) {
      const std::uint32_t u = peers[i];
      const auto shared = key.Agree(MaskKeyOf(members_[u].advertisement));
      failures[i] = shared.status();
      if (!shared.ok()) return;
      // The survivor added it if its index is the smaller one.
      pairs[i] = {crypto::HkdfKey(shared->Reveal(), {},
                                  MaskInfo(session_, manifest_, u, owner)),
                  u < owner ? Sign::kMinus : Sign::kPlus};
    });
    for (const absl::Status& failure : failures) {
      SOTTO_RETURN_IF_ERROR(failure);
    }
    return pairs;
  };
  for (std::uint32_t owner = 0; owner < members_.size(); ++owner) {
    if (!TestBit(u2_, owner)) continue;
    if (TestBit(u3_, owner)) {
      masks.push_back({std::move(secrets[owner]), Sign::kMinus});
      if (masks.size() == kMasks) take_off();
      continue;
    }
    SOTTO_ASSIGN_OR_RETURN(std::vector<Mask> pairs,
                           masks_with(owner, secrets[owner]));
    for (Mask& mask : pairs) {
      masks.push_back(std::move(mask));
      if (masks.size() == kMasks) take_off();
    }
  }
  take_off();
  for (const VectorSpec& spec : params_.vectors) {
    ReduceLanes(spec.bits, accumulator_[spec.name]);
  }
  return absl::OkStatus();
}

}  // namespace sotto::secure_agg
