// A delegate ready for use: one that is linked in, or a plug-in.

#ifndef SOTTO_RUNTIME_DELEGATES_DELEGATE_LIBRARY_H_
#define SOTTO_RUNTIME_DELEGATES_DELEGATE_LIBRARY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "runtime/delegates/sotto_delegate.h"

namespace sotto::runtime {

class DelegateLibrary {
 public:
  // UNAVAILABLE: the delegate does not start here (no device, no driver), with
  // its reason. FAILED_PRECONDITION: another ABI version.
  static absl::StatusOr<std::shared_ptr<DelegateLibrary>> Create(
      const SottoDelegate* delegate, const std::string& options);
  // A shared object; its code runs in this process, so only from those whom the
  // app trusts. NOT_FOUND: it cannot be loaded, or exports no delegate.
  static absl::StatusOr<std::shared_ptr<DelegateLibrary>> Load(
      const std::string& path, const std::string& options);

  DelegateLibrary(const DelegateLibrary&) = delete;
  DelegateLibrary& operator=(const DelegateLibrary&) = delete;
  ~DelegateLibrary();

  const SottoDelegate& table() const { return *table_; }
  void* self() const { return self_; }
  std::string name() const { return table_->name; }

 private:
  DelegateLibrary() = default;

  const SottoDelegate* table_ = nullptr;
  void* self_ = nullptr;
  void* handle_ = nullptr;  // of dlopen; null when linked in
};

}  // namespace sotto::runtime

#endif  // SOTTO_RUNTIME_DELEGATES_DELEGATE_LIBRARY_H_
