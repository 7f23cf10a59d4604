//! The page table of linear.c in Rust, through the C interface: an array with one word for each page of 16 MiB of
//! addresses. A word is 0, or has bit 0, the frame's address from bit 12 on and its attributes from bit 48 on.
//!
//!     rustc --edition 2021 --crate-type cdylib -C panic=abort -O -o linear-rust.so linear.rs
//!
//! The first half says in Rust what the C headers say, as far as this table needs it; the members are those of
//! <mmusim/pagetables/...> in their order. Structs that only the program reads to its end are declared whole.

use std::ffi::CStr;
use std::io::Write;
use std::os::raw::{c_char, c_int, c_void};

mod mmusim {
    use super::*;

    pub const PLUGIN_VERSION: u32 = 1;
    pub const ABI_VERSION: u32 = 1;

    pub type PagetableResult = c_int;
    pub const OK: PagetableResult = 0;
    pub const OVERLAP: PagetableResult = 1;
    pub const NOT_MAPPED: PagetableResult = 2;
    pub const NO_MEMORY: PagetableResult = 3;
    pub const UNSUPPORTED: PagetableResult = 4;
    pub const ENVIRONMENT: PagetableResult = 5;
    pub const CORRUPT: PagetableResult = 6;

    pub const ENVIRONMENT_NO_MEMORY: c_int = -1;

    pub type WalkStatus = c_int;
    pub const WALK_FETCH: WalkStatus = 0;
    pub const WALK_LEAF: WalkStatus = 1;
    pub const WALK_FAULT: WalkStatus = 2;

    pub const FAULT_TRANSLATION: u8 = 1;
    pub const FAULT_ADDRESS_SIZE: u8 = 4;

    pub const FRAME_USER: u32 = 1 << 3;
    pub const FRAME_GLOBAL: u32 = 1 << 4;

    pub const BARRIER_DSB_ISH: c_int = 0;
    pub const BARRIER_DSB_ISHST: c_int = 2;

    pub const INVALIDATE_VA: c_int = 0;
    pub const INVALIDATE_VA_ALL_ASIDS: c_int = 1;
    pub const INVALIDATE_ALL: c_int = 3;

    #[repr(C)]
    #[derive(Clone, Copy)]
    pub struct Frame {
        pub base: u64,
        pub attributes: u32,
        pub size_lg2: u8,
    }

    #[repr(C)]
    pub struct Mapping {
        pub va: u64,
        pub frame: Frame,
    }

    #[repr(C)]
    pub struct Invalidation {
        pub va: u64,
        pub size_bytes: u64,
        pub asid: u16,
        pub vmid: u16,
        pub scope: c_int,
        pub broadcast: bool,
        pub last_level_only: bool,
    }

    #[repr(C)]
    pub struct EnvironmentOperations {
        pub read: unsafe extern "C" fn(*mut c_void, u64, *mut u64) -> c_int,
        pub write: unsafe extern "C" fn(*mut c_void, u64, u64) -> c_int,
        pub compare_exchange: unsafe extern "C" fn(*mut c_void, u64, u64, u64, *mut u64) -> c_int,
        pub allocate_table: unsafe extern "C" fn(*mut c_void, u64, *mut u64) -> c_int,
        pub release_table: unsafe extern "C" fn(*mut c_void, u64, u64) -> c_int,
        pub barrier: unsafe extern "C" fn(*mut c_void, c_int) -> c_int,
        pub invalidate: unsafe extern "C" fn(*mut c_void, *const Invalidation) -> c_int,
        pub complete: unsafe extern "C" fn(*mut c_void) -> c_int,
        pub lock: unsafe extern "C" fn(*mut c_void, u64) -> c_int,
        pub unlock: unsafe extern "C" fn(*mut c_void, u64) -> c_int,
    }

    #[repr(C)]
    pub struct Environment {
        pub operations: *const EnvironmentOperations,
        pub context: *mut c_void,
    }

    #[repr(C)]
    pub struct PagetableConfig {
        pub format: *const WalkFormat,
        pub asid: u16,
        pub vmid: u16,
        pub every_asid: bool,
        pub entries: *const c_void,
    }

    #[repr(C)]
    pub struct MemoryReader {
        pub read: unsafe extern "C" fn(*mut c_void, u64, *mut u64) -> bool,
        pub context: *mut c_void,
    }

    pub type Visitor = unsafe extern "C" fn(*mut c_void, *const Mapping) -> bool;

    #[repr(C)]
    pub struct PagetableClass {
        pub abi_version: u32,
        pub struct_bytes: u32,
        pub name: *const c_char,
        pub summary: *const c_char,
        pub state_bytes: u32,
        pub releases_empty_tables: bool,
        pub create: unsafe extern "C" fn(*mut c_void, *const Environment, *const PagetableConfig) -> PagetableResult,
        pub destroy: unsafe extern "C" fn(*mut c_void, *const Environment) -> PagetableResult,
        pub map: unsafe extern "C" fn(*mut c_void, *const Environment, u64, *const Frame) -> PagetableResult,
        pub unmap: unsafe extern "C" fn(*mut c_void, *const Environment, u64) -> PagetableResult,
        pub protect: unsafe extern "C" fn(*mut c_void, *const Environment, u64, u32) -> PagetableResult,
        pub query: unsafe extern "C" fn(*mut c_void, *const Environment, u64, *mut Mapping) -> PagetableResult,
        pub root: unsafe extern "C" fn(*const c_void) -> u64,
        pub enumerate:
            unsafe extern "C" fn(*const c_void, *const MemoryReader, Visitor, *mut c_void) -> PagetableResult,
        pub invariants:
            unsafe extern "C" fn(*const c_void, *const MemoryReader, *mut c_char, usize) -> PagetableResult,
        pub default_format: *const c_char,
        pub accepts: unsafe extern "C" fn(*const WalkFormat, *const c_void) -> bool,
    }

    #[repr(C)]
    pub struct TranslationRegime {
        pub format: *const WalkFormat,
        pub root: u64,
        pub physical_size_lg2: u8,
        // and more, which this format does not read
    }

    #[repr(C)]
    pub struct WalkLeaf {
        pub va: u64,
        pub frame: Frame,
        pub rights: u8,
        pub rights_when_dirty: u8,
        pub stage1_rights: u8,
        pub level: u8,
        pub stage2_level: u8,
    }

    /// As far as this format writes it; the program's is longer.
    #[repr(C)]
    pub struct WalkState {
        pub regime: *const TranslationRegime,
        pub va: u64,
        pub leaf: WalkLeaf,
        pub inherited: u64,
        pub entry: u64,
        pub desired: u64,
        pub scratch: [u64; 4],
        pub fetches: u8,
        pub fetch_words: u8,
        pub level: u8,
        pub fault: u8,
        pub fault_level: u8,
        pub fetch: [u64; 12],
    }

    /// As far as every format has it: the optional members at its end are missing, which struct_bytes says.
    #[repr(C)]
    pub struct WalkFormat {
        pub struct_bytes: u32,
        pub name: *const c_char,
        pub summary: *const c_char,
        pub stage2: bool,
        pub levels: u8,
        pub va_bits: u8,
        pub va_form: u8,
        pub page_lg2: u8,
        pub frame_sizes: u8,
        pub frame_size_lg2: [u8; 8],
        pub numbers: *const c_void,
        pub start: unsafe extern "C" fn(*mut WalkState, *const TranslationRegime, u64) -> WalkStatus,
        pub resume: unsafe extern "C" fn(*mut WalkState, *const u64) -> WalkStatus,
        pub rights: unsafe extern "C" fn(u32) -> u8,
    }

    #[repr(C)]
    pub struct Plugin {
        pub version: u32,
        pub struct_bytes: u32,
        pub table: *const PagetableClass,
        pub format: *const WalkFormat,
        pub entries: *const c_void,
    }

    // What these point to is constant, and lives as long as the object.
    unsafe impl Sync for PagetableClass {}
    unsafe impl Sync for WalkFormat {}
    unsafe impl Sync for Plugin {}
}

use mmusim::*;

const VA_BITS: u8 = 24;
const PAGE_LG2: u8 = 12;
const PAGE_BYTES: u64 = 1 << PAGE_LG2;
const REACH: u64 = 1 << VA_BITS;
const TABLE_BYTES: u64 = 8 * (REACH >> PAGE_LG2);
const LOCK_BYTES: u64 = 4096;

const VALID: u64 = 1;
const ADDRESS: u64 = 0x0000_ffff_ffff_f000;
const ATTRIBUTES_SHIFT: u32 = 48;
const ATTRIBUTES: u32 = 0x3f; // r, w, x, user, global, device

const TABLE_NAME: &[u8] = b"linear-rust\0";
const FORMAT_NAME: &[u8] = b"linear-rust-16m\0";

fn encode(frame: &Frame) -> u64 {
    frame.base | u64::from(frame.attributes) << ATTRIBUTES_SHIFT | VALID
}

fn decode(word: u64) -> Frame {
    Frame { base: word & ADDRESS, attributes: (word >> ATTRIBUTES_SHIFT) as u32 & ATTRIBUTES, size_lg2: PAGE_LG2 }
}

// ---- Software's side ----

struct Linear {
    root: u64,
    lock: u64,
    asid: u16,
    vmid: u16,
    every_asid: bool,
}

/// The machine, for one operation. What fails is told by its error.
struct Machine<'a>(&'a Environment);

type Done = Result<(), PagetableResult>;

fn check(error: c_int) -> Done {
    match error {
        0 => Ok(()),
        ENVIRONMENT_NO_MEMORY => Err(NO_MEMORY),
        _ => Err(ENVIRONMENT),
    }
}

impl Machine<'_> {
    fn operations(&self) -> &EnvironmentOperations {
        unsafe { &*self.0.operations }
    }
    fn read(&self, pa: u64) -> Result<u64, PagetableResult> {
        let mut word = 0;
        check(unsafe { (self.operations().read)(self.0.context, pa, &mut word) }).map(|()| word)
    }
    fn write(&self, pa: u64, word: u64) -> Done {
        check(unsafe { (self.operations().write)(self.0.context, pa, word) })
    }
    fn allocate(&self, bytes: u64) -> Result<u64, PagetableResult> {
        let mut pa = 0;
        check(unsafe { (self.operations().allocate_table)(self.0.context, bytes, &mut pa) }).map(|()| pa)
    }
    fn release(&self, pa: u64, bytes: u64) -> Done {
        check(unsafe { (self.operations().release_table)(self.0.context, pa, bytes) })
    }
    fn barrier(&self, kind: c_int) -> Done {
        check(unsafe { (self.operations().barrier)(self.0.context, kind) })
    }
    fn invalidate(&self, what: &Invalidation) -> Done {
        check(unsafe { (self.operations().invalidate)(self.0.context, what) })?;
        self.barrier(BARRIER_DSB_ISH)
    }
}

impl Linear {
    fn slot(&self, va: u64) -> u64 {
        self.root + 8 * (va >> PAGE_LG2)
    }
    fn store(&self, machine: &Machine, va: u64, word: u64) -> Done {
        machine.write(self.slot(va), word)?;
        machine.barrier(BARRIER_DSB_ISHST)
    }
    fn covering(&self, va: u64, scope: c_int) -> Invalidation {
        Invalidation {
            va,
            size_bytes: 0,
            asid: self.asid,
            vmid: self.vmid,
            scope,
            broadcast: true,
            last_level_only: false,
        }
    }
    fn clear(&self, machine: &Machine, va: u64, before: u64) -> Done {
        let all = self.every_asid || decode(before).attributes & FRAME_GLOBAL != 0;
        self.store(machine, va, 0)?;
        machine.invalidate(&self.covering(va, if all { INVALIDATE_VA_ALL_ASIDS } else { INVALIDATE_VA }))
    }
    /// Runs `body` under the table's lock, with the word of `va`.
    fn locked(&self, machine: &Machine, va: u64, body: impl FnOnce(u64) -> Done) -> PagetableResult {
        let locked = check(unsafe { (machine.operations().lock)(machine.0.context, self.lock) });
        code(locked.and_then(|()| {
            let done = machine.read(self.slot(va)).and_then(body);
            let unlocked = check(unsafe { (machine.operations().unlock)(machine.0.context, self.lock) });
            done.and(unlocked) // the first that failed
        }))
    }
}

fn code(result: Done) -> PagetableResult {
    match result {
        Ok(()) => OK,
        Err(code) => code,
    }
}

fn mapped(word: u64) -> Done {
    if word & VALID != 0 { Ok(()) } else { Err(NOT_MAPPED) }
}

unsafe extern "C" fn create(
    state: *mut c_void,
    environment: *const Environment,
    config: *const PagetableConfig,
) -> PagetableResult {
    let (machine, config) = (Machine(&*environment), &*config);
    let make = || {
        let root = machine.allocate(TABLE_BYTES)?;
        let lock = machine.allocate(LOCK_BYTES).map_err(|error| {
            let _ = machine.release(root, TABLE_BYTES);
            error
        })?;
        let (asid, vmid, every_asid) = (config.asid, config.vmid, config.every_asid);
        (state as *mut Linear).write(Linear { root, lock, asid, vmid, every_asid });
        Ok(())
    };
    code(make())
}

unsafe extern "C" fn destroy(state: *mut c_void, environment: *const Environment) -> PagetableResult {
    let (linear, machine) = (&*(state as *const Linear), Machine(&*environment));
    let end = || {
        machine.barrier(BARRIER_DSB_ISHST)?;
        machine.invalidate(&linear.covering(0, INVALIDATE_ALL))?;
        machine.release(linear.root, TABLE_BYTES)?;
        machine.release(linear.lock, LOCK_BYTES)
    };
    code(end())
}

unsafe extern "C" fn map(
    state: *mut c_void,
    environment: *const Environment,
    va: u64,
    frame: *const Frame,
) -> PagetableResult {
    let (linear, machine, frame) = (&*(state as *const Linear), Machine(&*environment), &*frame);
    if frame.attributes & !ATTRIBUTES != 0 {
        return UNSUPPORTED;
    }
    linear.locked(&machine, va, |word| {
        if word & VALID != 0 {
            return Err(OVERLAP);
        }
        linear.store(&machine, va, encode(frame))
    })
}

unsafe extern "C" fn unmap(state: *mut c_void, environment: *const Environment, va: u64) -> PagetableResult {
    let (linear, machine) = (&*(state as *const Linear), Machine(&*environment));
    linear.locked(&machine, va, |word| {
        mapped(word)?;
        linear.clear(&machine, va, word)
    })
}

unsafe extern "C" fn protect(
    state: *mut c_void,
    environment: *const Environment,
    va: u64,
    attributes: u32,
) -> PagetableResult {
    let (linear, machine) = (&*(state as *const Linear), Machine(&*environment));
    if attributes & !ATTRIBUTES != 0 {
        return UNSUPPORTED;
    }
    linear.locked(&machine, va, |word| {
        mapped(word)?;
        linear.clear(&machine, va, word)?;
        linear.store(&machine, va, encode(&Frame { attributes, ..decode(word) }))
    })
}

unsafe extern "C" fn query(
    state: *mut c_void,
    environment: *const Environment,
    va: u64,
    found: *mut Mapping,
) -> PagetableResult {
    let (linear, machine) = (&*(state as *const Linear), Machine(&*environment));
    linear.locked(&machine, va, |word| {
        mapped(word)?;
        found.write(Mapping { va: va & !(PAGE_BYTES - 1), frame: decode(word) });
        Ok(())
    })
}

unsafe extern "C" fn root(state: *const c_void) -> u64 {
    (*(state as *const Linear)).root
}

/// Pages whose words can be read, with the words.
unsafe fn words<'a>(linear: &'a Linear, memory: &'a MemoryReader) -> impl Iterator<Item = (u64, u64)> + 'a {
    (0..REACH).step_by(PAGE_BYTES as usize).filter_map(move |va| {
        let mut word = 0;
        (memory.read)(memory.context, linear.slot(va), &mut word).then(|| (va, word))
    })
}

unsafe extern "C" fn enumerate(
    state: *const c_void,
    memory: *const MemoryReader,
    visit: Visitor,
    context: *mut c_void,
) -> PagetableResult {
    for (va, word) in words(&*(state as *const Linear), &*memory) {
        if word & VALID != 0 && !visit(context, &Mapping { va, frame: decode(word) }) {
            break;
        }
    }
    OK
}

unsafe extern "C" fn invariants(
    state: *const c_void,
    memory: *const MemoryReader,
    reason: *mut c_char,
    reason_bytes: usize,
) -> PagetableResult {
    let linear = &*(state as *const Linear);
    for (va, word) in words(linear, &*memory) {
        if word != 0 && word != encode(&decode(word)) && reason_bytes > 0 {
            let mut text = std::slice::from_raw_parts_mut(reason as *mut u8, reason_bytes);
            let _ = write!(text, "the word at {:#x}, {:#x}, is no entry\0", linear.slot(va), word);
            *reason.add(reason_bytes - 1) = 0;
            return CORRUPT;
        }
    }
    OK
}

unsafe extern "C" fn accepts(format: *const WalkFormat, _entries: *const c_void) -> bool {
    CStr::from_ptr((*format).name).to_bytes_with_nul() == FORMAT_NAME
}

// ---- Hardware's side ----

/// One bit a kind of access, users' in the lower three: the kernel may do what the page allows.
unsafe extern "C" fn rights(attributes: u32) -> u8 {
    let allowed = (attributes & 7) as u8;
    allowed << 3 | if attributes & FRAME_USER != 0 { allowed } else { 0 }
}

fn fault(walk: &mut WalkState, kind: u8) -> WalkStatus {
    walk.fault = kind;
    walk.fault_level = 0;
    walk.fetches = 0;
    WALK_FAULT
}

unsafe extern "C" fn start(walk: *mut WalkState, regime: *const TranslationRegime, va: u64) -> WalkStatus {
    let walk = &mut *walk;
    walk.regime = regime;
    walk.va = va;
    walk.level = 0;
    if va >= REACH {
        return fault(walk, FAULT_TRANSLATION);
    }
    walk.fetches = 1;
    walk.fetch_words = 1;
    walk.fetch[0] = (*regime).root + 8 * (va >> PAGE_LG2);
    WALK_FETCH
}

unsafe extern "C" fn resume(walk: *mut WalkState, words: *const u64) -> WalkStatus {
    let (walk, word) = (&mut *walk, *words);
    let frame = decode(word);
    if word & VALID == 0 {
        return fault(walk, FAULT_TRANSLATION);
    }
    if frame.base >> (*walk.regime).physical_size_lg2 != 0 {
        return fault(walk, FAULT_ADDRESS_SIZE);
    }
    let allowed = rights(frame.attributes);
    walk.fetches = 0;
    walk.leaf = WalkLeaf {
        va: walk.va & !(PAGE_BYTES - 1),
        frame,
        rights: allowed,
        rights_when_dirty: allowed,
        stage1_rights: 0,
        level: 0,
        stage2_level: 0,
    };
    WALK_LEAF
}

// ---- What mmusim asks for ----

static TABLE: PagetableClass = PagetableClass {
    abi_version: ABI_VERSION,
    struct_bytes: std::mem::size_of::<PagetableClass>() as u32,
    name: TABLE_NAME.as_ptr() as *const c_char,
    summary: b"an array with one word a page, in Rust\0".as_ptr() as *const c_char,
    state_bytes: std::mem::size_of::<Linear>() as u32,
    releases_empty_tables: false,
    create,
    destroy,
    map,
    unmap,
    protect,
    query,
    root,
    enumerate,
    invariants,
    default_format: FORMAT_NAME.as_ptr() as *const c_char,
    accepts,
};

static FORMAT: WalkFormat = WalkFormat {
    struct_bytes: std::mem::size_of::<WalkFormat>() as u32,
    name: FORMAT_NAME.as_ptr() as *const c_char,
    summary: b"one word a page, in an array\0".as_ptr() as *const c_char,
    stage2: false,
    levels: 1,
    va_bits: VA_BITS,
    va_form: 0,
    page_lg2: PAGE_LG2,
    frame_sizes: 1,
    frame_size_lg2: [PAGE_LG2, 0, 0, 0, 0, 0, 0, 0],
    numbers: std::ptr::null(),
    start,
    resume,
    rights,
};

static PLUGIN: Plugin = Plugin {
    version: PLUGIN_VERSION,
    struct_bytes: std::mem::size_of::<Plugin>() as u32,
    table: &TABLE,
    format: &FORMAT,
    entries: std::ptr::null(),
};

#[no_mangle]
pub extern "C" fn mmusim_plugin(_why: *mut *const c_char) -> *const Plugin {
    &PLUGIN
}
