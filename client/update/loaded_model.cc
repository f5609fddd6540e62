#include "client/update/loaded_model.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "crypto/secret.h"
#include "runtime/loader/model_file.h"

namespace sotto::client {
namespace {

struct Pages {
  void* begin;
  std::size_t size_bytes;
};

// All pages that hold some of the bytes.
Pages PagesOf(std::uint8_t* bytes, std::size_t size) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<std::uintptr_t>(bytes) & ~(page - 1);
  const auto end =
      (reinterpret_cast<std::uintptr_t>(bytes) + size + page - 1) & ~(page - 1);
  return {reinterpret_cast<void*>(first), end - first};
}

// Larger buffers usually get pages of their own, so that releasing them leaves
// no advice on pages that others use.
constexpr std::size_t kMinBufferBytes = 129 * 1024;

}  // namespace

absl::StatusOr<std::unique_ptr<LoadedModel>> LoadedModel::Create(
    ByteView plaintext, const std::string& name, std::uint64_t release) {
  std::unique_ptr<LoadedModel> loaded(new LoadedModel());
  Bytes bytes;
  bytes.reserve(std::max(plaintext.size(), kMinBufferBytes));
  const Pages pages = PagesOf(bytes.data(), bytes.capacity());
  if (mlock(pages.begin, pages.size_bytes) == 0) {
    loaded->report_.locked_bytes = plaintext.size();
  }
  loaded->report_.dontdump =
      madvise(pages.begin, pages.size_bytes, MADV_DONTDUMP) == 0;
  bytes.assign(plaintext.begin(), plaintext.end());
  loaded->bytes_ = bytes.data();
  loaded->size_ = bytes.size();
  loaded->release_ = release;
  // Moving a vector moves the buffer, not the bytes.
  absl::StatusOr<runtime::Model> graph = runtime::ParseModel(std::move(bytes));
  if (!graph.ok()) {
    loaded->bytes_ = nullptr;
    return Annotate(graph.status(), "model '" + name + "'");
  }
  loaded->graph_ = *std::move(graph);
  loaded->architecture_hash_ =
      crypto::Sha256(runtime::ArchitectureBytes(loaded->graph_));
  return loaded;
}

LoadedModel::~LoadedModel() {
  if (bytes_ == nullptr) return;
  crypto::Wipe({bytes_, size_});
  const Pages pages = PagesOf(bytes_, size_);
  munlock(pages.begin, pages.size_bytes);
}

}  // namespace sotto::client
