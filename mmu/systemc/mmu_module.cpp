#include "mmu/systemc/mmu_module.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "pagetables/interpret.h"

namespace mmusim
{

namespace
{

constexpr char message_type[] = "/mmusim/mmu";
constexpr unsigned piece_bytes = 8; /* the socket's width */
/* What cores do in a cycle is done half a cycle before the kernel's time of it. */
constexpr unsigned lead_units = units_per_cycle / 2;

using machine_pointer = std::unique_ptr<struct machine, void (*)(struct machine *)>;

void check_resolution(const char *name)
{
    if (sc_core::sc_get_time_resolution() != sc_core::sc_time(1, sc_core::SC_PS))
        throw std::invalid_argument(std::string(name) + ": the simulation's time resolution is " +
                                    sc_core::sc_get_time_resolution().to_string() +
                                    "; a cycle of 1 ns and its steps need 1 ps");
}

machine_pointer make_machine(const char *name, const struct mmu_config &config)
{
    char error[256] = "";
    struct machine *machine = machine_create(&config, error, sizeof error);
    if (!machine)
        throw std::invalid_argument(std::string(name) + ": " + error);
    return machine_pointer(machine, machine_destroy);
}

/* What the transaction asks for that no core does; TLM_OK_RESPONSE if it can be performed. */
tlm::tlm_response_status unsupported(tlm::tlm_generic_payload &payload, const mmu_extension *extension)
{
    uint64_t bytes = payload.get_data_length();
    if (!payload.is_read() && !payload.is_write())
        return tlm::TLM_COMMAND_ERROR_RESPONSE;
    if (payload.is_write() && extension && extension->fetch)
        return tlm::TLM_COMMAND_ERROR_RESPONSE;
    if (payload.get_byte_enable_ptr())
        return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    if (bytes == 0 || !payload.get_data_ptr() || payload.get_streaming_width() < bytes ||
        payload.get_address() + (bytes - 1) < payload.get_address())
        return tlm::TLM_BURST_ERROR_RESPONSE;
    return tlm::TLM_OK_RESPONSE;
}

void clear_answers(mmu_extension &extension)
{
    extension.pa = extension.fault_va = extension.done_bytes = 0;
    extension.fault = FAULT_NONE;
    extension.fault_level = extension.fault_stage = 0;
    extension.fault_ipa = 0;
    extension.fault_on_table = false;
}

void answer_fault(const struct core_result &result, mmu_extension &answer)
{
    answer.fault = result.fault;
    answer.fault_level = result.fault_level;
    answer.fault_stage = result.fault_stage;
    answer.fault_ipa = result.fault_ipa == EVENT_NEVER ? 0 : result.fault_ipa;
    answer.fault_on_table = result.fault_on_table;
    answer.fault_va = result.fault_va;
}

/* The leaf of both stages, or of the only one, as mappings are read. */
bool translate_untimed(const struct address_context &context, const struct memory_reader &reader, uint64_t va,
                       struct walk_leaf &leaf)
{
    if (!context.two_stage) {
        struct walk_state walk;
        bool found = interpret_address(&context.regime, &reader, va, &walk) == WALK_LEAF;
        leaf = walk.leaf;
        return found;
    }
    struct two_stage_walk walk;
    bool found = two_stage_address(context.two_stage, &reader, va, &walk) == TWO_STAGE_LEAF;
    leaf = walk.leaf;
    return found;
}

struct core_operation access_of(const tlm::tlm_generic_payload &payload, const mmu_extension &asked)
{
    struct core_operation operation = {};
    operation.kind = CORE_ACCESS;
    operation.access_kind = payload.is_write() ? ACCESS_STORE : asked.fetch ? ACCESS_FETCH : ACCESS_LOAD;
    operation.privilege = asked.privilege;
    operation.data_mode = DATA_BUS;
    operation.fetch_data = true;
    operation.handled = true;
    operation.pc = asked.pc;
    return operation;
}

} // namespace

/* A core between its calls, and who waits for it. */
struct mmu_module::core_state {
    const struct address_context *context = nullptr;
    sc_core::sc_event turn; /* its operation has ended */
    bool my_turn = false;
    sc_core::sc_event freed;
    uint64_t next_ticket = 0, served = 0;
};

/*
 * One call of a foreign thread: from the local time at which it comes, when it is the core's turn and a cycle
 * begins, until it returns, the thread is the core's program.
 */
class mmu_module::call
{
  public:
    call(mmu_module &owner, unsigned core, const sc_core::sc_time &delay) : owner_(owner), core_(core)
    {
        core_state &state = *owner_.states_[core];
        if (delay != sc_core::SC_ZERO_TIME)
            sc_core::wait(delay);
        uint64_t ticket = state.next_ticket++;
        while (state.served != ticket)
            sc_core::wait(state.freed);
        uint64_t within = sc_core::sc_time_stamp().value() % units_per_cycle;
        if (within > 0)
            sc_core::wait(sc_core::sc_time::from_value(units_per_cycle - within));
        state.my_turn = false;
        if (owner_.usable(core) && !owner_.lockstep_.begin(core))
            owner_.await_turn(core);
    }

    ~call()
    {
        core_state &state = *owner_.states_[core_];
        if (!machine_error(owner_.machine())) {
            machine_end_program(owner_.machine(), core_);
            owner_.lockstep_.posted(core_);
        }
        state.served++;
        state.freed.notify(sc_core::SC_ZERO_TIME);
    }

    call(const call &) = delete;
    call &operator=(const call &) = delete;

  private:
    mmu_module &owner_;
    unsigned core_;
};

mmu_module::mmu_module(sc_core::sc_module_name name, const struct mmu_config &config)
    : mmu_module(name, make_machine(name, config))
{
}

mmu_module::mmu_module(sc_core::sc_module_name name, struct machine *machine)
    : mmu_module(name, machine_pointer(machine, [](struct machine *) {}))
{
}

mmu_module::mmu_module(sc_core::sc_module_name name, machine_pointer machine)
    : sc_module(name), machine_(std::move(machine)), core("core", machine_config(machine_.get())->cores),
      memory("memory", machine_.get()),
      lockstep_(
          "lockstep", machine_.get(), [this](unsigned asked, uint64_t) { take_turn(asked); }, lead_units)
{
    SC_HAS_PROCESS(mmu_module);
    check_resolution(this->name());
    for (unsigned i = 0; i < core.size(); i++) {
        core[i].register_b_transport(this, &mmu_module::b_transport, static_cast<int>(i));
        core[i].register_transport_dbg(this, &mmu_module::transport_dbg, static_cast<int>(i));
        states_.push_back(std::make_unique<core_state>());
    }
    SC_METHOD(report_failure);
    sensitive << lockstep_.failed;
    dont_initialize();
}

mmu_module::~mmu_module() = default;

/* Before SystemC's own check, which does not say what the port is for. */
void mmu_module::before_end_of_elaboration()
{
    for (auto &socket : core)
        if (socket.get_base_port().bind_count() == 0)
            refuse(std::string(socket.name()) + " is not bound; each of the " + std::to_string(core.size()) +
                   " cores of this machine needs an initiator");
    if (memory.socket.get_base_port().bind_count() == 0)
        refuse(std::string(memory.socket.name()) +
               " is not bound; it needs the target that holds data and page tables");
}

/* ---- mistakes ---------------------------------------------------------------------------------- */

void mmu_module::refuse(const std::string &why)
{
    if (error_.empty())
        error_ = why;
    SC_REPORT_ERROR(message_type, why.c_str());
}

void mmu_module::report_failure()
{
    if (failure_reported_ || !machine_error(machine()))
        return;
    failure_reported_ = true;
    refuse(std::string(name()) + ": " + machine_error(machine()));
}

/* Whether the machine can go on, and has this core. */
bool mmu_module::usable(unsigned core_number)
{
    if (core_number >= core.size()) {
        refuse(std::string(name()) + ": there is no core " + std::to_string(core_number) +
               "; they are numbered from 0, and there are " + std::to_string(core.size()));
        return false;
    }
    report_failure();
    return !machine_error(machine());
}

bool mmu_module::has_space(unsigned core_number)
{
    if (states_[core_number]->context)
        return true;
    refuse(std::string(core[core_number].name()) +
           ": an access came before switch_space had given this core an address space");
    return false;
}

const std::string &mmu_module::error() const
{
    return error_;
}

/* ---- operations -------------------------------------------------------------------------------- */

/* The core's program is asked: whoever waits goes on at the whole cycle. */
void mmu_module::take_turn(unsigned core_number)
{
    core_state &state = *states_[core_number];
    state.my_turn = true;
    state.turn.notify(sc_core::sc_time::from_value(lead_units - core_unit(core_number)));
}

void mmu_module::await_turn(unsigned core_number)
{
    core_state &state = *states_[core_number];
    while (!state.my_turn && !machine_error(machine()))
        sc_core::wait(state.turn | lockstep_.failed);
}

/* Within a call. */
const struct core_result *mmu_module::run(unsigned core_number, const struct core_operation &operation)
{
    core_state &state = *states_[core_number];
    if (machine_error(machine()))
        return nullptr;
    state.my_turn = false;
    machine_post(machine(), core_number, &operation);
    lockstep_.posted(core_number);
    await_turn(core_number);
    report_failure();
    return machine_error(machine()) ? nullptr : machine_result(machine(), core_number);
}

const struct core_result *mmu_module::perform(unsigned core_number, const struct core_operation &operation)
{
    if (!usable(core_number))
        return nullptr;
    if (operation.kind == CORE_SWITCH || operation.kind == CORE_PARK) {
        refuse(std::string(name()) + (operation.kind == CORE_SWITCH
                                          ? ": CORE_SWITCH is not for perform; call switch_space"
                                          : ": CORE_PARK is not for perform; a core without a call is idle"));
        return nullptr;
    }
    call now(*this, core_number, sc_core::SC_ZERO_TIME);
    bool translates = operation.kind == CORE_ACCESS || operation.kind == CORE_STREAM ||
                      operation.kind == CORE_STREAM_RESUME;
    if (translates && !has_space(core_number))
        return nullptr;
    return run(core_number, operation);
}

/* Walks in flight and TLB entries may refer to a context long after the core has left it. */
const struct address_context *mmu_module::keep(const struct address_context &context)
{
    std::string bytes(reinterpret_cast<const char *>(&context), sizeof context);
    return &contexts_.emplace(bytes, context).first->second;
}

bool mmu_module::switch_space(unsigned core_number, const struct address_context &context)
{
    if (!usable(core_number))
        return false;
    if (!context.regime.format) {
        refuse(std::string(core[core_number].name()) +
               ": the address space has no format (regime.format); walk_format_find gives one");
        return false;
    }
    call now(*this, core_number, sc_core::SC_ZERO_TIME);
    struct core_operation operation = {};
    operation.kind = CORE_SWITCH;
    operation.context = states_[core_number]->context = keep(context);
    return run(core_number, operation) != nullptr;
}

bool mmu_module::invalidate(unsigned core_number, const struct invalidation &what)
{
    struct core_operation operation = {};
    operation.kind = CORE_INVALIDATE;
    operation.invalidation = what;
    return perform(core_number, operation) != nullptr;
}

bool mmu_module::barrier(unsigned core_number, enum barrier_kind kind)
{
    struct core_operation operation = {};
    operation.kind = CORE_BARRIER;
    operation.barrier = kind;
    return perform(core_number, operation) != nullptr;
}

/* ---- accesses ---------------------------------------------------------------------------------- */

void mmu_module::b_transport(int core_number, tlm::tlm_generic_payload &payload, sc_core::sc_time &delay)
{
    auto index = static_cast<unsigned>(core_number);
    mmu_extension plain;
    mmu_extension *extension = payload.get_extension<mmu_extension>();
    mmu_extension &answer = extension ? *extension : plain;
    clear_answers(answer);
    payload.set_dmi_allowed(false);
    tlm::tlm_response_status response = unsupported(payload, extension);
    if (response == tlm::TLM_OK_RESPONSE) {
        call now(*this, index, delay);
        delay = sc_core::SC_ZERO_TIME;
        bool possible = usable(index) && has_space(index);
        response = possible ? access(index, payload, answer) : tlm::TLM_GENERIC_ERROR_RESPONSE;
    }
    payload.set_response_status(response);
}

tlm::tlm_response_status mmu_module::access(unsigned core_number, tlm::tlm_generic_payload &payload,
                                            mmu_extension &answer)
{
    struct core_operation operation = access_of(payload, answer);
    unsigned bytes = payload.get_data_length();
    for (unsigned done = 0; done < bytes; done += operation.size_bytes) {
        unsigned char *data = payload.get_data_ptr() + done;
        operation.address = payload.get_address() + done;
        operation.size_bytes = static_cast<uint16_t>(std::min(bytes - done, piece_bytes));
        if (payload.is_write())
            std::memcpy(&operation.value, data, operation.size_bytes);
        const struct core_result *result = run(core_number, operation);
        if (!result)
            return tlm::TLM_GENERIC_ERROR_RESPONSE;
        if (result->fault != FAULT_NONE) {
            answer_fault(*result, answer);
            return tlm::TLM_ADDRESS_ERROR_RESPONSE;
        }
        if (payload.is_read())
            std::memcpy(data, &result->value, operation.size_bytes);
        if (done == 0)
            answer.pa = result->pa;
        answer.done_bytes += operation.size_bytes;
    }
    return tlm::TLM_OK_RESPONSE;
}

/* ---- without time ------------------------------------------------------------------------------ */

unsigned mmu_module::access_untimed(unsigned core_number, tlm::tlm_command command, uint64_t pa,
                                    unsigned char *data, unsigned bytes)
{
    unsigned done = memory.access_untimed(command, pa, data, bytes);
    for (unsigned i = 0; command == tlm::TLM_READ_COMMAND && i < done; i++) {
        uint8_t own;
        if (machine_buffered_byte(machine(), core_number, pa + i, &own))
            data[i] = own;
    }
    return done;
}

unsigned mmu_module::transport_dbg(int core_number, tlm::tlm_generic_payload &payload)
{
    const struct address_context *context = states_[static_cast<unsigned>(core_number)]->context;
    if (!context || (!payload.is_read() && !payload.is_write()))
        return 0;
    auto read_word = [](void *port, uint64_t pa, uint64_t *value) {
        return static_cast<tlm_memory_port *>(port)->access_untimed(tlm::TLM_READ_COMMAND, pa,
                                                                    reinterpret_cast<unsigned char *>(value),
                                                                    sizeof *value) == sizeof *value;
    };
    const struct memory_reader reader = {read_word, &memory};
    unsigned done = 0;
    while (done < payload.get_data_length()) {
        struct walk_leaf leaf;
        uint64_t va = payload.get_address() + done;
        if (!translate_untimed(*context, reader, va, leaf))
            break;
        uint64_t within = va - leaf.va;
        uint64_t page_rest = (UINT64_C(1) << leaf.frame.size_lg2) - within;
        auto wanted = static_cast<unsigned>(std::min<uint64_t>(page_rest, payload.get_data_length() - done));
        unsigned reached = access_untimed(static_cast<unsigned>(core_number), payload.get_command(),
                                          leaf.frame.base + within, payload.get_data_ptr() + done, wanted);
        done += reached;
        if (reached < wanted)
            break;
    }
    return done;
}

/* ---- looking at it ----------------------------------------------------------------------------- */

const struct core_counters &mmu_module::counters(unsigned core_number) const
{
    return *machine_counters(machine_.get(), core_number);
}

struct machine *mmu_module::machine()
{
    return machine_.get();
}

bool mmu_module::finish()
{
    (void)machine_finish(machine()); /* a failure is kept as the machine's error */
    report_failure();
    return error_.empty();
}

} // namespace mmusim
