#include "runtime/delegates/delegate_library.h"

#include <dlfcn.h>

#include "base/status.h"

namespace sotto::runtime {

absl::StatusOr<std::shared_ptr<DelegateLibrary>> DelegateLibrary::Create(
    const SottoDelegate* delegate, const std::string& options) {
  if (delegate == nullptr ||
      delegate->abi_version != SOTTO_DELEGATE_ABI_VERSION ||
      delegate->struct_size < sizeof(SottoDelegate)) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "a delegate of ABI version %d, this build speaks %d",
        delegate == nullptr ? 0 : static_cast<int>(delegate->abi_version),
        SOTTO_DELEGATE_ABI_VERSION));
  }
  SottoDelegateMessage message = {};
  void* const self = delegate->create(options.c_str(), &message);
  if (self == nullptr) {
    return absl::UnavailableError(absl::StrFormat(
        "delegate '%s' does not start: %s", delegate->name, message.text));
  }
  std::shared_ptr<DelegateLibrary> made(new DelegateLibrary);
  made->table_ = delegate;
  made->self_ = self;
  return made;
}

absl::StatusOr<std::shared_ptr<DelegateLibrary>> DelegateLibrary::Load(
    const std::string& path, const std::string& options) {
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return absl::NotFoundError(::dlerror());
  const auto entry = reinterpret_cast<SottoDelegateEntry>(
      ::dlsym(handle, SOTTO_DELEGATE_ENTRY));
  if (entry == nullptr) {
    ::dlclose(handle);
    return absl::NotFoundError(path + " exports no " SOTTO_DELEGATE_ENTRY);
  }
  absl::StatusOr<std::shared_ptr<DelegateLibrary>> made =
      Create(entry(), options);
  if (!made.ok()) {
    const absl::Status status = Annotate(made.status(), path);
    ::dlclose(handle);
    return status;
  }
  (*made)->handle_ = handle;
  return made;
}

DelegateLibrary::~DelegateLibrary() {
  table_->destroy(self_);
  if (handle_ != nullptr) ::dlclose(handle_);
}

}  // namespace sotto::runtime
