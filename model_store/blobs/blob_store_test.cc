#include "model_store/blobs/blob_store.h"

#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace sotto::model_store {
namespace {

class BlobStoreTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ =
      ::testing::TempDir() + "sotto_blobs_" + std::to_string(::getpid());
  BlobStore store_ = BlobStore::Open(folder_).value();
};

TEST_F(BlobStoreTest, ABlobIsFoundByItsHash) {
  const auto digest = store_.Put(ToBytes("blob"));
  ASSERT_THAT(digest, IsOk());
  EXPECT_EQ(*digest, crypto::Sha256(AsBytes("blob")));
  EXPECT_THAT(store_.Put(ToBytes("blob")), IsOk());
  EXPECT_EQ(ToString(store_.Get(*digest).value()), "blob");
  EXPECT_EQ(ToString(BlobStore::Open(folder_)->Get(*digest).value()), "blob");
}

TEST_F(BlobStoreTest, ABlobThatWasChangedOnDiskIsDataLoss) {
  const auto digest = store_.Put(ToBytes("blob")).value();
  ASSERT_THAT(WriteFileAtomically(store_.PathOf(digest), "blub"), IsOk());
  EXPECT_THAT(store_.Get(digest), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(BlobStoreTest, WhatIsAbsentOrRemovedIsNotFound) {
  const auto digest = store_.Put(ToBytes("blob")).value();
  EXPECT_THAT(store_.Remove(digest), IsOk());
  EXPECT_THAT(store_.Get(digest), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(store_.Remove(digest), IsOk());
}

}  // namespace
}  // namespace sotto::model_store
