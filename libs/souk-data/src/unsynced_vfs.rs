//! A SQLite VFS for tests: every write stays in this process's memory until the file is synced, so
//! that killing the process loses exactly what a power cut may lose. It stands on the system's own
//! VFS. Not for production.
#![allow(unsafe_code)]

use std::collections::{BTreeMap, HashMap};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::ptr;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use rusqlite::ffi;

const NAME: &CStr = c"souk-unsynced";

/// In what pieces unsynced writes are kept. SQLite's pages and frames are larger; the size only has
/// to divide nothing.
const SECTOR: u64 = 512;

/// What all handles of one file in this process see, and the disk does not yet hold.
#[derive(Default)]
struct Unsynced {
    sectors: BTreeMap<u64, [u8; SECTOR as usize]>,
    /// The file's length as its users see it.
    length: u64,
    /// Up to where the file on disk still counts; beyond it was cut off and reads as zeros.
    valid_on_disk: u64,
}

/// A handle: SQLite sees the first field; the system's own handle follows the struct in memory.
#[repr(C)]
struct Handle {
    methods: *const ffi::sqlite3_io_methods,
    /// From `Box::into_raw`; null for temporary files, which nobody needs after a crash.
    unsynced: *mut Shared,
}

type Shared = Arc<Mutex<Unsynced>>;

/// The system's VFS. SQLite never frees or moves it.
struct System(*mut ffi::sqlite3_vfs);

// SAFETY: SQLite itself calls a VFS from all threads.
unsafe impl Send for System {}
// SAFETY: as above; we only read the struct.
unsafe impl Sync for System {}

static SYSTEM: OnceLock<System> = OnceLock::new();
static FILES: Mutex<Option<HashMap<Vec<u8>, Shared>>> = Mutex::new(None);

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // Version 2 has shared memory for the WAL; version 3 would map the file, past our reads.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Registers the VFS, once, and returns its name.
pub(crate) fn name() -> &'static CStr {
    SYSTEM.get_or_init(|| {
        // SAFETY: a null name asks for the default VFS, which every build for an operating system
        // has; SQLite is initialised by the call itself.
        let system = unsafe { ffi::sqlite3_vfs_find(ptr::null()) };
        assert!(!system.is_null(), "SQLite has a default VFS");
        // SAFETY: `system` points to a valid VFS that is never freed. The copy keeps its functions,
        // which take no notice of which VFS they are called through, but for opening and deleting,
        // which are ours.
        let mut ours = unsafe { ptr::read(system) };
        ours.pNext = ptr::null_mut();
        ours.zName = NAME.as_ptr();
        ours.szOsFile += size_of::<Handle>() as c_int;
        ours.xOpen = Some(open);
        ours.xDelete = Some(delete);
        // SAFETY: the struct is leaked, so it outlives SQLite; 0 leaves the default VFS the
        // default.
        let registered = unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(ours)), 0) };
        assert_eq!(registered, ffi::SQLITE_OK, "the VFS registers");
        System(system)
    });
    NAME
}

fn system() -> *mut ffi::sqlite3_vfs {
    SYSTEM.get().expect("the VFS is registered before it is called").0
}

/// Returns the system's own handle behind ours.
fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocated `szOsFile` bytes, ours and then the system's; Handle's size is a
    // multiple of a pointer's, which is all the system's struct needs to be aligned to.
    unsafe { file.cast::<Handle>().add(1).cast() }
}

/// Calls a method of the system's handle.
macro_rules! on_real {
    ($file:expr, $method:ident $(, $arg:expr)*) => {{
        let real = real($file);
        // SAFETY: `open` filled the handle in, successfully, before SQLite called any other method
        // of it; the system's methods exist for as long as the handle is open.
        unsafe { ((*(*real).pMethods).$method.expect("the system's VFS has the method"))(real $(, $arg)*) }
    }};
}

/// Returns what is not yet synced of a file, or none for a temporary file.
fn unsynced<'a>(file: *mut ffi::sqlite3_file) -> Option<&'a Shared> {
    // SAFETY: the handle was filled in by `open`; the box lives until `close`, after which SQLite
    // makes no more calls.
    unsafe { (*file.cast::<Handle>()).unsynced.as_ref() }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let system = system();
    // SAFETY: SQLite gives us memory for a handle, not yet initialised. Without methods it knows
    // that there is nothing to close.
    unsafe {
        file.cast::<Handle>().write(Handle { methods: ptr::null(), unsynced: ptr::null_mut() })
    };
    // SAFETY: all arguments are SQLite's own, passed on; the memory behind our handle is as large
    // as the system asks for.
    let opened = unsafe {
        ((*system).xOpen.expect("a VFS opens files"))(system, name, real(file), flags, out_flags)
    };
    if opened != ffi::SQLITE_OK {
        return opened;
    }
    let kept = ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL;
    let mut shared = ptr::null_mut();
    if flags & kept != 0 && !name.is_null() {
        let mut length: i64 = 0;
        let sized = on_real!(file, xFileSize, &mut length);
        if sized != ffi::SQLITE_OK {
            on_real!(file, xClose);
            return sized;
        }
        // SAFETY: SQLite's file names are C strings that live as long as the file is open.
        let path = unsafe { CStr::from_ptr(name) }.to_bytes().to_vec();
        let length = length as u64;
        let fresh = || {
            Arc::new(Mutex::new(Unsynced {
                sectors: BTreeMap::new(),
                length,
                valid_on_disk: length,
            }))
        };
        let state = FILES.lock().get_or_insert_default().entry(path).or_insert_with(fresh).clone();
        shared = Box::into_raw(Box::new(state));
    }
    // SAFETY: the handle is ours to fill in.
    unsafe { file.cast::<Handle>().write(Handle { methods: &METHODS, unsynced: shared }) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    // SAFETY: SQLite passes the name of a file as a C string.
    let path = unsafe { CStr::from_ptr(name) }.to_bytes();
    FILES.lock().get_or_insert_default().remove(path);
    let system = system();
    // SAFETY: SQLite's own arguments, passed on.
    unsafe { ((*system).xDelete.expect("a VFS deletes files"))(system, name, sync_folder) }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let handle = file.cast::<Handle>();
    // SAFETY: SQLite closes a handle once; the box was made by `open`. The state stays known under
    // the file's name, as the system's cache would keep it.
    unsafe {
        if !(*handle).unsynced.is_null() {
            drop(Box::from_raw((*handle).unsynced));
            (*handle).unsynced = ptr::null_mut();
        }
    }
    on_real!(file, xClose)
}

/// Reads from disk what still counts there; the rest is zeros.
fn read_disk(
    file: *mut ffi::sqlite3_file,
    state: &Unsynced,
    into: &mut [u8],
    offset: u64,
) -> c_int {
    into.fill(0);
    let there = state.valid_on_disk.saturating_sub(offset).min(into.len() as u64) as usize;
    if there == 0 {
        return ffi::SQLITE_OK;
    }
    let done =
        on_real!(file, xRead, into.as_mut_ptr().cast::<c_void>(), there as c_int, offset as i64);
    // A short read has filled the rest with zeros.
    if done == ffi::SQLITE_IOERR_SHORT_READ { ffi::SQLITE_OK } else { done }
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    let Some(shared) = unsynced(file) else { return on_real!(file, xRead, into, amount, offset) };
    let state = shared.lock();
    // SAFETY: SQLite gives a buffer of `amount` bytes, for us alone.
    let into = unsafe { std::slice::from_raw_parts_mut(into.cast::<u8>(), amount as usize) };
    let start = offset as u64;
    let end = offset as u64 + amount as u64;
    let done = read_disk(file, &state, into, start);
    if done != ffi::SQLITE_OK {
        return done;
    }
    for (number, sector) in state.sectors.range(start / SECTOR..end.div_ceil(SECTOR)) {
        let sector_start = number * SECTOR;
        let from = start.max(sector_start);
        let to = end.min(sector_start + SECTOR);
        let piece = &sector[(from - sector_start) as usize..(to - sector_start) as usize];
        into[(from - start) as usize..(to - start) as usize].copy_from_slice(piece);
    }
    if end > state.length {
        let there = state.length.saturating_sub(start) as usize;
        into[there..].fill(0);
        return ffi::SQLITE_IOERR_SHORT_READ;
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    amount: c_int,
    offset: i64,
) -> c_int {
    let Some(shared) = unsynced(file) else { return on_real!(file, xWrite, from, amount, offset) };
    let mut state = shared.lock();
    // SAFETY: SQLite gives `amount` bytes to read.
    let from = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), amount as usize) };
    let start = offset as u64;
    let end = offset as u64 + amount as u64;
    for number in start / SECTOR..end.div_ceil(SECTOR) {
        let sector_start = number * SECTOR;
        if !state.sectors.contains_key(&number) {
            let mut sector = [0; SECTOR as usize];
            let done = read_disk(file, &state, &mut sector, sector_start);
            if done != ffi::SQLITE_OK {
                return done;
            }
            state.sectors.insert(number, sector);
        }
        let sector = state.sectors.get_mut(&number).expect("it was just put there");
        let low = start.max(sector_start);
        let high = end.min(sector_start + SECTOR);
        sector[(low - sector_start) as usize..(high - sector_start) as usize]
            .copy_from_slice(&from[(low - start) as usize..(high - start) as usize]);
    }
    state.length = state.length.max(end);
    ffi::SQLITE_OK
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    let Some(shared) = unsynced(file) else { return on_real!(file, xTruncate, length) };
    let mut state = shared.lock();
    let length = length as u64;
    state.length = length;
    state.valid_on_disk = state.valid_on_disk.min(length);
    state.sectors.split_off(&length.div_ceil(SECTOR));
    if let Some(last) = state.sectors.get_mut(&(length / SECTOR)) {
        last[(length % SECTOR) as usize..].fill(0);
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    let Some(shared) = unsynced(file) else { return on_real!(file, xSync, flags) };
    let mut state = shared.lock();
    let mut on_disk: i64 = 0;
    let mut done = on_real!(file, xFileSize, &mut on_disk);
    if done == ffi::SQLITE_OK && on_disk as u64 > state.valid_on_disk {
        done = on_real!(file, xTruncate, state.valid_on_disk as i64);
    }
    for (number, sector) in &state.sectors {
        if done != ffi::SQLITE_OK {
            return done;
        }
        let start = number * SECTOR;
        let amount = state.length.saturating_sub(start).min(SECTOR) as c_int;
        done = on_real!(file, xWrite, sector.as_ptr().cast::<c_void>(), amount, start as i64);
    }
    if done == ffi::SQLITE_OK {
        done = on_real!(file, xSync, flags);
    }
    if done == ffi::SQLITE_OK {
        state.sectors.clear();
        state.valid_on_disk = state.length;
    }
    done
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    let Some(shared) = unsynced(file) else { return on_real!(file, xFileSize, size) };
    // SAFETY: SQLite gives a place for the answer.
    unsafe { *size = shared.lock().length as i64 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_control(
    file: *mut ffi::sqlite3_file,
    what: c_int,
    arg: *mut c_void,
) -> c_int {
    // The system's VFS would enlarge the file on disk.
    if unsynced(file).is_some()
        && (what == ffi::SQLITE_FCNTL_SIZE_HINT || what == ffi::SQLITE_FCNTL_CHUNK_SIZE)
    {
        return ffi::SQLITE_OK;
    }
    on_real!(file, xFileControl, what, arg)
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    on_real!(file, xLock, level)
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    on_real!(file, xUnlock, level)
}

unsafe extern "C" fn check_reserved_lock(
    file: *mut ffi::sqlite3_file,
    answer: *mut c_int,
) -> c_int {
    on_real!(file, xCheckReservedLock, answer)
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    on_real!(file, xSectorSize)
}

unsafe extern "C" fn device_characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    on_real!(file, xDeviceCharacteristics)
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    place: *mut *mut c_void,
) -> c_int {
    on_real!(file, xShmMap, region, size, extend, place)
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    on_real!(file, xShmLock, offset, count, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    on_real!(file, xShmBarrier)
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    on_real!(file, xShmUnmap, delete)
}
