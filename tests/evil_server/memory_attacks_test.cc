// S22: keys in what a process leaves behind (a core dump, swapped pages). After
// a session has ended, well or not, no secret of it is in memory that the
// process can write.
//
// Generators are seeded, so that another process can say what the secrets were:
// this one never holds them outside the session.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "crypto/kex.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "secure_agg/sharing/shamir.h"
#include "tests/evil_server/evil_server.h"
#include "tests/support/sanitizer.h"
#include "tests/support/status_matchers.h"

namespace sotto::evil {
namespace {

constexpr std::uint32_t kThreshold = 2;  // of four members
constexpr std::uint8_t kPad = 0xa7;
constexpr std::size_t kSkippedBytes = 4;  // key agreement changes the first
constexpr std::size_t kNeedleBytes = 24;

// A part of a secret, each byte hidden, so that a needle is not what it
// searches.
struct Needle {
  char name[40];
  std::array<std::uint8_t, kNeedleBytes> hidden;
};

std::string SeedOf(std::uint32_t device) {
  return "memory " + std::to_string(device);
}

Needle Hide(const std::string& name, ByteView secret) {
  Needle needle = {};
  std::snprintf(needle.name, sizeof needle.name, "%s", name.c_str());
  for (std::size_t i = 0; i < kNeedleBytes; ++i) {
    needle.hidden[i] = secret[kSkippedBytes + i] ^ kPad;
  }
  return needle;
}

// What a device draws (client_session.cc): two keys, a nonce, the seed of its
// self mask, and the polynomials of seed and mask key. Shares of the seed are
// not searched: the server gets them.
void AppendSecrets(Fleet& fleet, std::uint32_t device,
                   std::vector<Needle>& needles) {
  crypto::SeededRng rng(AsBytes(SeedOf(device)));
  const auto channel = crypto::X25519Key::Generate(rng);
  const auto mask = crypto::X25519Key::Generate(rng);
  Bytes nonce(32);
  rng.Fill(nonce);
  crypto::Secret<32> self_mask;
  rng.Fill(self_mask.RevealMutable());
  const std::string of = " of device " + std::to_string(device);
  needles.push_back(Hide("channel key" + of, channel.scalar().Reveal()));
  needles.push_back(Hide("mask key" + of, mask.scalar().Reveal()));
  needles.push_back(Hide("self mask" + of, self_mask.Reveal()));
  std::set<crypto::DeviceId> ids;
  for (std::uint32_t i = 0; i < fleet.size(); ++i) {
    ids.insert(fleet.device(i).id());
  }
  std::vector<std::uint64_t> points;
  std::uint64_t point = 1;
  for (const auto& id : ids) {
    if (id != fleet.device(device).id()) points.push_back(point);
    ++point;
  }
  (void)secure_agg::SplitSecret(self_mask, kThreshold, points, rng);
  for (const auto& share :
       secure_agg::SplitSecret(mask.scalar(), kThreshold, points, rng)) {
    needles.push_back(
        Hide("mask key share" + of, secure_agg::EncodeShare(share)));
  }
}

// In a process of its own.
std::vector<Needle> MakeNeedles(Fleet& fleet) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    std::vector<Needle> needles;
    for (std::uint32_t i = 0; i < fleet.size(); ++i) {
      AppendSecrets(fleet, i, needles);
    }
    const std::size_t size = needles.size() * sizeof(Needle);
    const bool all =
        write(ends[1], needles.data(), size) == static_cast<ssize_t>(size);
    _exit(all ? 0 : 1);
  }
  close(ends[1]);
  std::vector<Needle> needles;
  Needle needle;
  while (read(ends[0], &needle, sizeof needle) == sizeof needle) {
    needles.push_back(needle);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return status == 0 ? needles : std::vector<Needle>();
}

struct Region {
  const std::uint8_t* begin;
  const std::uint8_t* end;
  std::string name;
};

// What this process can write, by /proc/self/maps.
std::vector<Region> WritableMemory() {
  std::vector<Region> regions;
  std::FILE* maps = std::fopen("/proc/self/maps", "r");
  char line[512];
  while (maps != nullptr && std::fgets(line, sizeof line, maps) != nullptr) {
    unsigned long begin = 0, end = 0;
    char access[5] = "", name[256] = "";
    if (std::sscanf(line, "%lx-%lx %4s %*s %*s %*s %255s", &begin, &end, access,
                    name) < 3) {
      continue;
    }
    if (access[0] != 'r' || access[1] != 'w') continue;
    regions.push_back({reinterpret_cast<const std::uint8_t*>(begin),
                       reinterpret_cast<const std::uint8_t*>(end), name});
  }
  if (maps != nullptr) std::fclose(maps);
  return regions;
}

// The names of the needles that memory holds, and where.
std::vector<std::string> Found(const std::vector<Needle>& needles) {
  std::vector<std::string> found;
  for (const Region& region : WritableMemory()) {
    for (const Needle& needle : needles) {
      const std::uint8_t first = needle.hidden[0] ^ kPad;
      for (const std::uint8_t* at = region.begin;
           at + kNeedleBytes <= region.end; ++at) {
        at = static_cast<const std::uint8_t*>(
            std::memchr(at, first, static_cast<std::size_t>(region.end - at)));
        if (at == nullptr || at + kNeedleBytes > region.end) break;
        std::size_t same = 1;
        while (same < kNeedleBytes &&
               (at[same] ^ kPad) == needle.hidden[same]) {
          ++same;
        }
        if (same == kNeedleBytes) {
          found.push_back(std::string(needle.name) + " in " + region.name);
        }
      }
    }
  }
  return found;
}

class S22KeyTheft : public ::testing::Test {
 protected:
  void SetUp() override {
    if (SOTTO_SANITIZED != 0) {
      GTEST_SKIP() << "the sanitizer's allocator keeps freed memory";
    }
    needles_ = MakeNeedles(fleet_);
    ASSERT_EQ(needles_.size(), 4u * (3 + 3));
    for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
      rngs_.emplace_back(AsBytes(SeedOf(i)));
    }
    for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
      fleet_.device(i).set_rng(rngs_[i]);
    }
  }
  std::vector<std::string> Found() const { return evil::Found(needles_); }

  Fleet fleet_{{}};
  std::vector<Needle> needles_;
  std::vector<crypto::SeededRng> rngs_;
};

TEST_F(S22KeyTheft, NothingIsLeftOfTheSecretsOfASessionThatEndedWell) {
  EvilServer server(fleet_, {});
  // What is searched is there while it is needed: keys until the input is
  // masked, shares of others' until these are revealed.
  const auto count = [&](const std::string& kind) {
    return std::ranges::count_if(Found(), [&](const std::string& found) {
      return found.starts_with(kind);
    });
  };
  // Only with the first reply of a step: until then all devices wait, and none
  // gives memory back.
  std::ptrdiff_t keys = 0, seeds = 0, shares = 0;
  server.Lie(v1::StepReply::kDelivery, [&](std::uint32_t, v1::StepReply&) {
    if (keys != 0) return;
    keys = count("mask key of");
    seeds = count("self mask of");
  });
  server.Lie(v1::StepReply::kSurvivors, [&](std::uint32_t, v1::StepReply&) {
    if (shares == 0) shares = count("mask key share");
  });
  server.Run();
  ASSERT_THAT(server.inner().Result(), IsOk());
  EXPECT_GE(keys, 4);
  EXPECT_GE(seeds, 4);
  EXPECT_GE(shares, 4 * 3);
  EXPECT_THAT(Found(), ::testing::IsEmpty());
}

TEST_F(S22KeyTheft, NothingIsLeftOfTheSecretsOfASessionThatWasGivenUp) {
  for (const Step step :
       {v1::StepReply::kRoster, v1::StepReply::kDelivery,
        v1::StepReply::kSurvivors, v1::StepReply::kUnmaskRequest}) {
    for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
      rngs_[i] = crypto::SeededRng(AsBytes(SeedOf(i)));
    }
    EvilServer server(fleet_, {.round = 5 + static_cast<std::uint64_t>(step)});
    server.Lie(step, [](std::uint32_t, v1::StepReply& reply) {
      if (reply.has_roster()) reply.mutable_roster()->clear_members();
      if (reply.has_delivery()) reply.mutable_delivery()->clear_signature();
      if (reply.has_survivors()) reply.mutable_survivors()->clear_signature();
      if (reply.has_unmask_request()) {
        reply.mutable_unmask_request()->clear_signatures();
      }
    });
    server.Run();
    for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
      EXPECT_FALSE(server.outcome(i).ok());
    }
    EXPECT_THAT(Found(), ::testing::IsEmpty()) << step;
  }
}

}  // namespace
}  // namespace sotto::evil
