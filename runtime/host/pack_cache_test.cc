#include "runtime/host/pack_cache.h"

#include <atomic>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

#include "base/file.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::runtime {
namespace {

// A node with one constant, packed by inverting its bytes.
class PackedNode {
 public:
  explicit PackedNode(std::uint8_t first, std::size_t size = 100)
      : weights_(size), packed_(size) {
    for (std::size_t i = 0; i < size; ++i) {
      weights_[i] = static_cast<std::uint8_t>(first + i);
      packed_[i] = static_cast<std::uint8_t>(~weights_[i]);
    }
    tensor = {.type = ElementType::kInt8,
              .shape = {1, {static_cast<std::int32_t>(size)}},
              .data = weights_.data(),
              .is_constant = true,
              .quantization = {.scale = &scale_, .count = 1}};
    node.inputs = {&tensor};
    node.label = "inverted";
    node.packed_bytes = size;
    node.packed_layout = 7;
    node.Bind();
    node.op.packed = packed_.data();
  }
  PackedNode(const PackedNode&) = delete;

  const Bytes& packed() const { return packed_; }
  void AddTo(PackCache& cache) const { cache.Add(cache.Find(node).key, node); }
  // Whether `cache` has it; reads all that it has.
  bool IsIn(const PackCache& cache) const {
    const PackCache::Entry entry = cache.Find(node);
    if (entry.data == nullptr) return false;
    const Bytes found(entry.data, entry.data + node.packed_bytes);
    return found == packed_;
  }

  Tensor tensor;
  Node node;

 private:
  float scale_ = 0.5f;
  Bytes weights_, packed_;
};

class PackCacheTest : public testing::Test {
 protected:
  PackCacheTest()
      : path_(testing::TempDir() + "pack_cache_" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    EXPECT_THAT(RemoveFile(path_), IsOk());
  }
  ~PackCacheTest() override { EXPECT_THAT(RemoveFile(path_), IsOk()); }

  PackCache Open() const {
    absl::StatusOr<PackCache> cache = PackCache::Open(path_);
    EXPECT_THAT(cache.status(), IsOk());
    return *std::move(cache);
  }
  void SaveBoth() const {
    PackCache cache = Open();
    one_.AddTo(cache);
    other_.AddTo(cache);
    ASSERT_THAT(cache.Save(), IsOk());
  }
  // Without the syncs of an atomic write.
  void Put(ByteView bytes) const {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  Bytes File() const {
    absl::StatusOr<Bytes> bytes = ReadFile(path_);
    EXPECT_THAT(bytes.status(), IsOk());
    return *std::move(bytes);
  }

  const std::string path_;
  const PackedNode one_{1}, other_{2, 37};
};

TEST_F(PackCacheTest, WhatWasSavedIsFoundInPlaceAndAlignedByTheNextOne) {
  PackCache first = Open();
  EXPECT_FALSE(one_.IsIn(first));
  one_.AddTo(first);
  EXPECT_FALSE(one_.IsIn(first)) << "before it is saved";
  ASSERT_THAT(first.Save(), IsOk());
  PackCache second = Open();
  EXPECT_TRUE(one_.IsIn(second));
  EXPECT_FALSE(other_.IsIn(second));
  EXPECT_EQ(second.hits(), 1u);
  EXPECT_EQ(second.misses(), 1u);
  other_.AddTo(second);
  ASSERT_THAT(second.Save(), IsOk());
  const PackCache third = Open();
  EXPECT_TRUE(one_.IsIn(third));
  EXPECT_TRUE(other_.IsIn(third));
  for (const PackedNode* node : {&one_, &other_}) {
    const auto address =
        reinterpret_cast<std::uintptr_t>(third.Find(node->node).data);
    EXPECT_EQ(address % 64, 0u);
  }
}

TEST_F(PackCacheTest, NothingAddedLeavesTheFileAlone) {
  ASSERT_THAT(Open().Save(), IsOk());
  EXPECT_FALSE(FileExists(path_));
}

TEST_F(PackCacheTest, AnotherNodeIsAnotherEntry) {
  SaveBoth();
  const PackCache cache = Open();
  PackedNode node(1);
  EXPECT_TRUE(node.IsIn(cache));
  const auto missed = [&] { return !node.IsIn(cache); };
  node.tensor.as<std::uint8_t>()[99] ^= 1;
  EXPECT_TRUE(missed()) << "a weight";
  node.tensor.as<std::uint8_t>()[99] ^= 1;
  node.tensor.quantization.zero_point = 1;
  EXPECT_TRUE(missed()) << "a zero point";
  node.tensor.quantization.zero_point = 0;
  const float scale = 0.25f;
  const float* const before = node.tensor.quantization.scale;
  node.tensor.quantization.scale = &scale;
  EXPECT_TRUE(missed()) << "a scale";
  node.tensor.quantization.scale = before;
  node.tensor.shape = {2, {10, 10}};
  EXPECT_TRUE(missed()) << "a shape";
  node.tensor.shape = {1, {100}};
  node.tensor.type = ElementType::kUint8;
  EXPECT_TRUE(missed()) << "a type";
  node.tensor.type = ElementType::kInt8;
  node.node.op.options.stride_w = 2;
  EXPECT_TRUE(missed()) << "an option";
  node.node.op.options.stride_w = Options{}.stride_w;
  node.node.packed_layout = 8;
  EXPECT_TRUE(missed()) << "a layout";
  node.node.packed_layout = 7;
  node.node.label = "otherwise";
  EXPECT_TRUE(missed()) << "a kernel";
  node.node.label = "inverted";
  node.node.inputs.push_back(nullptr);
  EXPECT_TRUE(missed()) << "an input";
  node.node.inputs.pop_back();
  EXPECT_TRUE(node.IsIn(cache));
}

TEST_F(PackCacheTest, AFileCutShortAnywhereIsEmpty) {
  SaveBoth();
  const Bytes whole = File();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Put(ByteView(whole).first(size));
    const PackCache cache = Open();
    ASSERT_FALSE(one_.IsIn(cache)) << size;
    ASSERT_FALSE(other_.IsIn(cache)) << size;
  }
  Bytes longer = whole;
  longer.push_back(0);
  Put(longer);
  EXPECT_FALSE(one_.IsIn(Open()));
}

TEST_F(PackCacheTest, AChangedByteOfHeaderOrIndexMakesItEmpty) {
  SaveBoth();
  const Bytes whole = File();
  const std::size_t index = sizeof(PackCacheHeader) + 2 * sizeof(PackCacheRow);
  ASSERT_LT(index, whole.size());
  for (std::size_t i = 0; i < index; ++i) {
    for (const int flip : {0x01, 0x40, 0xff}) {
      Bytes changed = whole;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ flip);
      Put(changed);
      const PackCache cache = Open();
      ASSERT_EQ(cache.Find(one_.node).data, nullptr) << i;
      ASSERT_EQ(cache.Find(other_.node).data, nullptr) << i;
    }
  }
}

TEST_F(PackCacheTest, ADamagedFileIsReplaced) {
  SaveBoth();
  Bytes damaged = File();
  damaged[0] ^= 1;
  Put(damaged);
  SaveBoth();
  const PackCache cache = Open();
  EXPECT_TRUE(one_.IsIn(cache));
  EXPECT_TRUE(other_.IsIn(cache));
}

// A forged index with a right checksum: places are within the file or refused.
TEST_F(PackCacheTest, PlacesOutsideTheFileAreRefused) {
  SaveBoth();
  const Bytes whole = File();
  constexpr std::uint64_t kFar = ~std::uint64_t{63};
  const std::uint64_t size = whole.size();
  const struct {
    std::uint64_t offset, size;
  } places[] = {{kFar, 100},
                {64, ~std::uint64_t{0}},
                {size / 64 * 64, 64},
                {(size + 63) / 64 * 64, 1},
                {65, 1},
                {kFar, kFar}};
  for (const auto& place : places) {
    Bytes forged = whole;
    std::uint8_t* const row = forged.data() + sizeof(PackCacheHeader);
    std::memcpy(row + offsetof(PackCacheRow, offset), &place.offset, 8);
    std::memcpy(row + offsetof(PackCacheRow, size), &place.size, 8);
    const std::uint64_t checksum = PackCacheChecksum(forged);
    std::memcpy(forged.data() + offsetof(PackCacheHeader, checksum), &checksum,
                8);
    EXPECT_TRUE(ReadPackCacheIndex(forged).empty())
        << place.offset << " " << place.size;
  }
  EXPECT_EQ(ReadPackCacheIndex(whole).size(), 2u);
}

TEST_F(PackCacheTest, AnEntryOfAnotherSizeIsNotUsed) {
  PackCache cache = Open();
  const PackCache::Key key = cache.Find(one_.node).key;
  cache.Add(key, other_.node);
  ASSERT_THAT(cache.Save(), IsOk());
  EXPECT_EQ(Open().Find(one_.node).data, nullptr);
}

TEST_F(PackCacheTest, AReplacedFileStaysMappedForThoseWhoHaveIt) {
  SaveBoth();
  const PackCache::Entry entry = Open().Find(one_.node);
  ASSERT_NE(entry.data, nullptr);
  ASSERT_THAT(WriteFileAtomically(path_, Bytes(10, 0)), IsOk());
  EXPECT_EQ(Bytes(entry.data, entry.data + one_.node.packed_bytes),
            one_.packed());
}

TEST_F(PackCacheTest, WritersSideBySideLeaveWholeFiles) {
  SaveBoth();
  constexpr int kRounds = 20;
  std::atomic<int> wrong = 0;
  const auto write = [&](std::uint8_t first) {
    for (int i = 0; i < kRounds; ++i) {
      const PackedNode node(static_cast<std::uint8_t>(first + i), 5000);
      absl::StatusOr<PackCache> cache = PackCache::Open(path_);
      if (!cache.ok() || !one_.IsIn(*cache)) ++wrong;
      node.AddTo(*cache);
      if (!cache->Save().ok()) ++wrong;
    }
  };
  const auto read = [&] {
    for (int i = 0; i < 4 * kRounds; ++i) {
      const absl::StatusOr<PackCache> cache = PackCache::Open(path_);
      if (!cache.ok() || !one_.IsIn(*cache) || !other_.IsIn(*cache)) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back(write, 10);
  threads.emplace_back(write, 100);
  threads.emplace_back(read);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(PackCacheTest, AFolderThatCannotBeWrittenIsAnErrorOfSaveAlone) {
  ASSERT_THAT(WriteFileAtomically(path_, "a file, not a folder"), IsOk());
  const std::string missing = path_ + "_missing/cache";
  absl::StatusOr<PackCache> cache = PackCache::Open(missing);
  ASSERT_THAT(cache.status(), IsOk());
  one_.AddTo(*cache);
  EXPECT_FALSE(cache->Save().ok());
  EXPECT_FALSE(FileExists(missing));
  EXPECT_FALSE(PackCache::Open(path_ + "/cache").ok());
}

}  // namespace
}  // namespace sotto::runtime
