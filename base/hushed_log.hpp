/// Silence for a while.
#pragma once

namespace semblance::base {

/// While it lives, information and progress of the work inside are dropped, as by `quiet`: for a
/// stage that runs other stages many times. Warnings and errors are still shown.
class HushedLog {
 public:
  HushedLog();
  ~HushedLog();
  HushedLog(const HushedLog&) = delete;
  HushedLog& operator=(const HushedLog&) = delete;

 private:
  bool was_quiet_;
};

}  // namespace semblance::base
