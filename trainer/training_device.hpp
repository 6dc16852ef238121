/// Where a network is trained: what --device asks for, as far as LibTorch can use it.
#pragma once

#include <functional>
#include <string>

#include "base/communicator.hpp"
#include "base/device.hpp"

namespace semblance::trainer {

/// What TrainOptions::device comes to. "auto" is the CPU on every rank, with a warning that says
/// why, when LibTorch cannot use the device of any rank; other texts are taken at their word.
/// Every rank calls it with the same text.
/// \return a text for base::resolve_device() that is not "auto"
std::string training_device(const std::string& text, base::Communicator& communicator);

/// `found` when it is a CUDA device and make_ready() throws nothing, on every rank; else the CPU,
/// on every rank. A warning tells a rank that has a device why it is not used.
/// \return its name
std::string agreed_device(const base::Device& found, const std::function<void()>& make_ready,
                          base::Communicator& communicator);

}  // namespace semblance::trainer
