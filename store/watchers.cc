#include "store/watchers.h"

#include <algorithm>
#include <list>
#include <mutex>

namespace mig {
namespace {

bool Touches(const Batch& batch, std::string_view prefix) {
  return std::any_of(batch.writes.begin(), batch.writes.end(), [prefix](const Write& write) {
    return write.key.compare(0, prefix.size(), prefix) == 0;
  });
}

}  // namespace

struct Watchers::Watched {
  std::string prefix;
  std::function<void()> wake;
};

struct Watchers::List {
  std::mutex mutex;  // held while a wake runs, so that unregistering waits for it
  std::list<Watched> watches;
};

class Watchers::Registration : public Watching {
 public:
  Registration(std::shared_ptr<List> list, std::list<Watched>::iterator place)
      : list_(std::move(list)), place_(place) {}
  ~Registration() override {
    std::lock_guard lock(list_->mutex);
    list_->watches.erase(place_);
  }

 private:
  std::shared_ptr<List> list_;
  std::list<Watched>::iterator place_;
};

Watchers::Watchers() : list_(std::make_shared<List>()) {}

std::unique_ptr<Watching> Watchers::Add(std::string prefix, std::function<void()> wake) {
  std::lock_guard lock(list_->mutex);
  list_->watches.push_front({std::move(prefix), std::move(wake)});
  return std::make_unique<Registration>(list_, list_->watches.begin());
}

void Watchers::Notify(const Batch& batch) {
  std::lock_guard lock(list_->mutex);
  for (const Watched& watch : list_->watches) {
    if (Touches(batch, watch.prefix)) watch.wake();
  }
}

}  // namespace mig
