//! A limit of memory around a running shop: a cgroup where the test may make one (always in CI),
//! else the kernel's record of its peak.

use std::fs;
use std::path::{Path, PathBuf};

/// Keeps a process within a number of bytes for as long as this lives: what would take more is
/// killed by the kernel.
pub struct Cage {
    folder: Option<PathBuf>,
    process: u32,
    bytes: u64,
}

/// The two forms of the kernel's interface: the folder, and the file of its limit.
const FORMS: [(&str, &str); 2] =
    [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];

impl Cage {
    /// Puts a process into a cage.
    ///
    /// # Panics
    /// In CI, when no cgroup can be made.
    pub fn around(process: u32, bytes: u64) -> Cage {
        let folder =
            FORMS.iter().find_map(|(root, limit)| make(Path::new(root), limit, process, bytes));
        if folder.is_none() {
            let what =
                "no memory cgroup can be made here, so the limit is read from /proc afterwards";
            assert!(std::env::var_os("CI").is_none(), "{what}; in CI there must be one");
            eprintln!("{what}");
        }
        Cage { folder, process, bytes }
    }

    /// Checks that the process lives and never took more than the limit.
    pub fn assert_kept(&self) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process));
        let status =
            status.expect("the shop was killed, perhaps because it took more memory than it may");
        let peak = kibibytes(&status, "VmHWM:").expect("the kernel records the peak") << 10;
        assert!(
            self.folder.is_some() || peak <= self.bytes,
            "it took {peak} bytes, and may take {}",
            self.bytes
        );
    }
}

/// Returns how much memory a process has now, in bytes.
pub fn resident_bytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the shop runs");
    kibibytes(&status, "VmRSS:").expect("the kernel counts it") << 10
}

/// Resets the record of the peak, and returns the memory that the process has now, in bytes.
pub fn forget_peak(process: u32) -> u64 {
    fs::write(format!("/proc/{process}/clear_refs"), "5")
        .expect("the peak of an own process can be reset");
    resident_bytes(process)
}

/// Returns the most memory that a process had since [`forget_peak`], in bytes.
pub fn peak_bytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the shop runs");
    kibibytes(&status, "VmHWM:").expect("the kernel records the peak") << 10
}

fn make(root: &Path, limit: &str, process: u32, bytes: u64) -> Option<PathBuf> {
    let folder = root.join(format!("souk-attack-{process}"));
    // In a folder of the second form the limit's file is there only where its controller is on.
    fs::create_dir(&folder).ok()?;
    let is_made = fs::write(folder.join(limit), bytes.to_string())
        .and_then(|()| fs::write(folder.join("cgroup.procs"), process.to_string()))
        .is_ok();
    if !is_made {
        let _ = fs::remove_dir(&folder);
    }
    is_made.then_some(folder)
}

fn kibibytes(status: &str, key: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(key)?.trim().strip_suffix(" kB")?.parse().ok())
}

impl Drop for Cage {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            // A cgroup cannot go while a process is in it; one at the root takes it back.
            if let Some(root) = folder.parent() {
                let _ = fs::write(root.join("cgroup.procs"), self.process.to_string());
            }
            let _ = fs::remove_dir(folder);
        }
    }
}
