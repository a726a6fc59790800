#include "cli/commands/operation.h"

namespace mig {

v1::Operation UpgradeTo(const std::string& revision) {
  v1::Operation operation;
  operation.mutable_upgrade()->set_revision(revision);
  return operation;
}

v1::Operation DowngradeTo(const std::string& revision) {
  v1::Operation operation;
  operation.mutable_downgrade()->set_revision(revision);
  return operation;
}

v1::Operation StampTo(const std::vector<std::string>& revisions, bool purge) {
  v1::Operation operation;
  operation.mutable_stamp()->mutable_revisions()->Add(revisions.begin(), revisions.end());
  operation.mutable_stamp()->set_purge(purge);
  return operation;
}

v1::Operation StampFromAlembic() {
  v1::Operation operation;
  operation.mutable_stamp()->set_from_alembic(true);
  return operation;
}

v1::Operation Reapply() {
  v1::Operation operation;
  operation.mutable_reapply();
  return operation;
}

v1::Operation ResolveAs(const std::string& revision, v1::Operation::Resolve::Answer answer) {
  v1::Operation operation;
  operation.mutable_resolve()->set_revision(revision);
  operation.mutable_resolve()->set_answer(answer);
  return operation;
}

}  // namespace mig
