#include "store/rocks_logger.h"

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

namespace mig {

RocksLogger::RocksLogger(std::string directory)
    : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL),
      directory_(std::move(directory)),
      file_hit_(directory_) {}

void RocksLogger::Logv(const char* format, va_list arguments) {
  std::array<char, 1024> line;
  std::vsnprintf(line.data(), line.size(), format, arguments);
  const std::string_view text(line.data());
  const std::size_t place = text.find(directory_ + "/");
  if (place == std::string_view::npos) return;
  const std::size_t end = text.find_first_of(" :,;\n", place + directory_.size());
  std::lock_guard lock(mutex_);
  file_hit_ = text.substr(place, end == std::string_view::npos ? end : end - place);
}

std::string RocksLogger::FileHit() const {
  std::lock_guard lock(mutex_);
  return file_hit_;
}

}  // namespace mig
