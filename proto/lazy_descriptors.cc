// Generated code registers the descriptors of all messages before main runs: three quarters of
// what `mig version` executes, and of use only to commands that print JSON. Linked with
// `--wrap` of that constructor's name, the registration is left out; protobuf makes up for it when
// a descriptor is first asked for (AssignDescriptors in generated_message_reflection.cc).

// google::protobuf::internal::AddDescriptorsRunner::AddDescriptorsRunner(const DescriptorTable*)
extern "C" void
__wrap__ZN6google8protobuf8internal20AddDescriptorsRunnerC1EPKNS1_15DescriptorTableE(void*,
                                                                                     const void*) {}
