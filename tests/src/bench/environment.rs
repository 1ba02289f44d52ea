//! What machine a figure comes from, and what a synchronous write really costs there.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::Latencies;

/// Writes that are timed to learn what the disk does.
const SYNCED_WRITES: usize = 200;

/// A synchronous write quicker than this has not reached a disk.
const QUICKER_THAN_ANY_DISK: Duration = Duration::from_micros(20);

/// Prints one line about the machine and one about its disk. Every benchmark starts with it.
pub fn print_environment(name: &str, folder: &Path) {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let build = if cfg!(debug_assertions) {
        "debug build: the figures mean nothing"
    } else {
        "release build"
    };
    println!("{name}: {cores} cores, {}, {build}", processor());
    let latencies = disk_sync(folder);
    println!("a 4 KiB write with fdatasync in {}: {}", folder.display(), latencies.summary());
    if latencies.percentile(50.0) < QUICKER_THAN_ANY_DISK {
        println!(
            "that is no disk: whatever is called durable below would not survive a power cut here"
        );
    }
}

/// Times 4 KiB writes, each followed by fdatasync, in a folder.
///
/// # Panics
/// When the folder cannot be written to.
pub fn disk_sync(folder: &Path) -> Latencies {
    let path = folder.join("sync-cost");
    let mut file = File::create(&path).expect("the folder of a benchmark can be written to");
    let page = [7_u8; 4096];
    let timed = (0..SYNCED_WRITES).map(|_| {
        let start = Instant::now();
        file.write_all(&page).and_then(|()| file.sync_data()).expect("the disk takes a write");
        start.elapsed()
    });
    let latencies = Latencies::new(timed.collect());
    fs::remove_file(path).expect("what was created can be removed");
    latencies
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| "processor unknown".to_owned(), |(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_a_synchronous_write_is_measured_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(disk_sync(folder.path()).count(), SYNCED_WRITES);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
