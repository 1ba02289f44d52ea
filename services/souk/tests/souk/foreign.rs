//! Services of other languages beside the shop: prepared and started in the background, named in
//! the log, started again when they die, stopped with the shop and dead when it is. A few lines of
//! shell simulate one.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use souk_testkit::{ChildShop, eventually};

use crate::support::{LIMIT, address, folder, printed, products, run, run_in, souk};

/// A service that prints its upstreams and its process id, and ends on request.
const POLITE: &str = r#"
echo "catalog is at $FAKE__UPSTREAMS__CATALOG, other is at ${FAKE__UPSTREAMS__OTHER:-nowhere}"
echo "log format $FAKE__LOG__FORMAT" >&2
trap 'echo stopped >> "$HOME_OF_TEST/stopped"; exit 0' TERM
echo $$ >> "$HOME_OF_TEST/lives"
printf 'grpc=%s\nmetrics=%s\n' "$FAKE__SERVER__LISTEN" "$FAKE__SERVER__METRICS_LISTEN" > "$FAKE__SERVER__READY_FILE"
while :; do sleep 0.05; done
"#;

/// One that does not heed SIGTERM.
const STUBBORN: &str = r#"
trap '' TERM
echo $$ >> "$HOME_OF_TEST/lives"
while :; do sleep 0.05; done
"#;

/// One whose settings are wrong.
const CONFUSED: &str = r#"
echo $$ >> "$HOME_OF_TEST/lives"
echo "fake: entries.most = 0: must be 1 to 9" >&2
exit 64
"#;

/// How long what a shell does may take on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(20);

/// A folder of services with one in it, and a shop that finds it.
struct Beside {
    folder: tempfile::TempDir,
}

impl Beside {
    fn new(needs: &str, step: &str, script: &str) -> Beside {
        let folder = folder();
        let service = folder.path().join("services/fake");
        std::fs::create_dir_all(&service).unwrap();
        let manifest = format!(
            r#"
name = "fake"
language = "python"
services = ["souk.fake.v1.FakeService"]
summary = "what is only pretended"
upstreams = ["catalog", "other"]
listen = "127.0.0.1:0"
metrics_listen = "127.0.0.1:0"
[prepare]
needs = "{needs}"
inputs = ["fake.sh"]
steps = [["sh", "-c", {step:?}]]
[run]
command = ["sh", "fake.sh"]
"#
        );
        std::fs::write(service.join("souk.service.toml"), manifest).unwrap();
        std::fs::write(service.join("fake.sh"), script).unwrap();
        Beside { folder }
    }

    /// Whose environment takes no time.
    fn polite(script: &str) -> Beside {
        Beside::new("sh", "echo prepared >> made", script)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn shop(&self) -> ChildShop {
        ChildShop::up_with(self.folder.path(), &self.path("services").display().to_string())
            .program(souk())
            .environment("HOME_OF_TEST", self.folder.path())
            .environment("SOUK__SERVER__DRAIN_SECONDS", "1")
    }

    /// Returns the process id of every life of the service so far.
    fn lives(&self) -> Vec<String> {
        let lives = std::fs::read_to_string(self.path("lives")).unwrap_or_default();
        lives.lines().map(str::to_owned).collect()
    }

    /// Waits until it has been started so often, and returns its process id.
    async fn life(&self, number: usize) -> String {
        eventually(SOON, || async { self.lives().get(number - 1).cloned() }).await
    }
}

async fn says(shop: &ChildShop, wanted: &str) {
    eventually(SOON, || async {
        let printed = printed(shop);
        if printed.contains(wanted) { Ok(()) } else { Err(printed) }
    })
    .await;
}

fn is_alive(id: &str) -> bool {
    // A zombie does not count as running.
    let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    status.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

fn signal(id: &str, name: &str) {
    let sent = std::process::Command::new("kill").args([&format!("-{name}"), id]).status();
    assert!(sent.unwrap().success(), "{id} is there");
}

#[tokio::test]
async fn it_is_prepared_once_and_started_with_its_name_in_the_log() {
    let beside = Beside::polite(POLITE);
    let mut shop = beside.shop().start().await;
    says(&shop, "fake | preparing: sh -c echo prepared >> made").await;
    says(&shop, &format!("fake | catalog is at {}, other is at nowhere", shop.url())).await;
    says(&shop, "fake | log format text").await;
    says(&shop, "fake serves on 127.0.0.1:").await;
    assert!(printed(&shop).contains("fake (being prepared"), "{}", printed(&shop));

    let first = beside.life(1).await;
    shop.restart().await;
    beside.life(2).await;
    assert!(!is_alive(&first));
    assert_eq!(std::fs::read_to_string(beside.path("services/fake/made")).unwrap(), "prepared\n");
    assert!(printed(&shop).contains("fake (starting)"), "{}", printed(&shop));
}

#[tokio::test]
async fn steps_that_know_what_has_changed_run_at_every_start() {
    let beside = Beside::polite(POLITE);
    let manifest = beside.path("services/fake/souk.service.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("inputs = [\"fake.sh\"]", "always = true")).unwrap();
    let mut shop = beside.shop().start().await;
    beside.life(1).await;
    shop.restart().await;
    beside.life(2).await;
    let made = std::fs::read_to_string(beside.path("services/fake/made")).unwrap();
    assert_eq!(made, "prepared\nprepared\n");
}

#[tokio::test]
async fn an_audit_finds_its_address_in_the_data_folder_of_the_shop() {
    let beside = Beside::polite(POLITE);
    let shop = beside.shop().start().await;
    let data = shop.data().display().to_string();
    // It is only pretended, and does not respond.
    let absent = "fake: not audited, it does not respond here";
    let audited = run(&["audit", "--to", &address(&shop), "--data", &data]).await.exited_with(0);
    assert!(audited.out.contains(absent), "{}", audited.out);
    // In another folder nothing is known of it.
    let elsewhere = folder();
    let data = elsewhere.path().display().to_string();
    let audited = run(&["audit", "--to", &address(&shop), "--data", &data]).await.exited_with(0);
    assert!(!audited.out.contains("fake"), "{}", audited.out);
}

#[tokio::test]
async fn a_grant_is_kept_until_another_replaces_it() {
    let scopes = r#"echo "[$FAKE__IDENTITY__SCOPES]" >> "$HOME_OF_TEST/scopes""#;
    let beside = Beside::polite(&format!("{scopes}{POLITE}"));
    let manifest = beside.path("services/fake/souk.service.toml");
    let asking = |folder: &Path| {
        let text = std::fs::read_to_string(folder.join("souk.service.toml")).unwrap();
        let asks = "upstreams = [\"catalog\"]\nscopes = [\"orders.read\"]";
        text.replace("upstreams = [\"catalog\", \"other\"]", asks)
    };
    std::fs::write(&manifest, asking(manifest.parent().unwrap())).unwrap();
    let starts = [
        ("--grant=fake=orders.read", "[orders.read]"),
        ("", "[orders.read]"),
        ("--grant=fake=events.read", "[events.read]"),
        ("--grant=fake=", "[]"),
        ("", "[]"),
        ("--grant=fake=orders.read", "[orders.read]"),
    ];
    for (number, (argument, _)) in starts.iter().enumerate() {
        let shop = beside.shop();
        let shop = if argument.is_empty() { shop } else { shop.argument(*argument) };
        let mut shop = shop.start().await;
        beside.life(number + 1).await;
        assert!(shop.stop(SOON).await.success());
    }
    let given = || std::fs::read_to_string(beside.path("scopes")).unwrap();
    let expected: String = starts.iter().map(|(_, given)| format!("{given}\n")).collect();
    assert_eq!(given(), expected);

    // Another of that name has been granted nothing.
    std::fs::rename(beside.path("services"), beside.path("others")).unwrap();
    let others = beside.path("others").display().to_string();
    let shop = ChildShop::up_with(beside.folder.path(), &others).program(souk());
    let shop = shop.environment("HOME_OF_TEST", beside.folder.path()).start().await;
    beside.life(starts.len() + 1).await;
    assert!(given().ends_with("[orders.read]\n[]\n"), "{}", given());
    says(&shop, "fake lacks scopes: --grant fake=orders.read").await;
}

#[tokio::test]
async fn in_a_json_log_its_name_is_a_field() {
    let beside = Beside::polite(
        "echo '{\"level\":\"INFO\",\"message\":\"mine\"}'; echo plain; exec sleep 60",
    );
    let shop = beside.shop().environment("SOUK__LOG__FORMAT", "json").start().await;
    says(&shop, "{\"service\":\"fake\",\"level\":\"INFO\",\"message\":\"mine\"}\n").await;
    says(&shop, "\"message\":\"plain\",\"service\":\"fake\"").await;
}

#[tokio::test]
async fn one_that_is_killed_is_started_again_at_the_same_address() {
    let beside = Beside::polite(&POLITE.replace("$$ >>", "$$ $FAKE__SERVER__LISTEN >>"));
    let shop = beside.shop().start().await;
    let mut lives = vec![beside.life(1).await];
    for number in 2..=3 {
        signal(lives[lives.len() - 1].split(' ').next().unwrap(), "KILL");
        lives.push(beside.life(number).await);
    }
    says(&shop, "fake ended (signal: 9 (SIGKILL)) and restarts in 500ms").await;
    let addresses = lives.iter().map(|life| life.split(' ').nth(1).unwrap()).collect::<Vec<_>>();
    assert!(addresses.iter().all(|address| *address == addresses[0]), "{lives:?}");
    assert!(!products(&shop).await.is_empty());
}

#[tokio::test]
async fn the_shop_neither_waits_for_a_preparation_nor_stays_for_it() {
    // Without "exec" the shell would be killed and its child would stay.
    let beside = Beside::new("sh", "exec sleep 600", POLITE);
    let start = Instant::now();
    let mut shop = beside.shop().start().await;
    assert!(!products(&shop).await.is_empty());
    assert!(start.elapsed() < LIMIT, "it took {:?}", start.elapsed());
    says(&shop, "fake | preparing: sh -c exec sleep 600").await;
    assert!(shop.stop(SOON).await.success());
    assert_eq!(beside.lives(), Vec::<String>::new());
}

#[tokio::test]
async fn without_its_interpreter_the_welcome_says_what_is_off_and_why() {
    let beside = Beside::new("no-such-interpreter", "true", POLITE);
    let shop = beside.shop().start().await;
    says(
        &shop,
        "off       fake: what is only pretended, because no-such-interpreter is not installed",
    )
    .await;
    assert!(!products(&shop).await.is_empty());
}

#[tokio::test]
async fn one_in_rust_that_was_written_after_the_program_was_built_is_off_and_the_welcome_says_so() {
    let beside = Beside::polite(POLITE);
    let manifest = beside.path("services/fake/souk.service.toml");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("\"python\"", "\"rust\"");
    std::fs::write(&manifest, text).unwrap();
    let shop = beside.shop().start().await;
    says(
        &shop,
        "off       fake: what is only pretended, because this program was built without it",
    )
    .await;
    assert!(!products(&shop).await.is_empty());
    assert_eq!(beside.lives(), Vec::<String>::new());
}

#[tokio::test]
async fn a_preparation_that_fails_is_told_with_its_last_words_and_made_again() {
    // The network is back when it is tried for the second time.
    let step = "[ -e tried ] || { touch tried; echo 'no network here' >&2; exit 3; }";
    let beside = Beside::new("sh", step, POLITE);
    let shop = beside.shop().start().await;
    says(&shop, "fake is off: what is only pretended, because `sh -c").await;
    says(&shop, "failed (exit status: 3): no network here; the next attempt is in 5s").await;
    assert!(!products(&shop).await.is_empty());
    says(&shop, "fake serves on 127.0.0.1:").await;
    beside.life(1).await;
}

#[tokio::test]
async fn the_shop_stops_while_a_preparation_waits_to_be_made_again() {
    let beside = Beside::new("sh", "exit 3", POLITE);
    let mut shop = beside.shop().start().await;
    says(&shop, "the next attempt is in").await;
    assert!(shop.stop(SOON).await.success());
    assert_eq!(beside.lives(), Vec::<String>::new());
}

#[tokio::test]
async fn an_interpreter_that_is_taken_away_is_not_waited_for() {
    let interpreter = "gone=$(command -v fake-interpreter); rm \"$gone\"; exit 3";
    let beside = Beside::new("fake-interpreter", interpreter, POLITE);
    let programs = beside.path("programs");
    std::fs::create_dir_all(&programs).unwrap();
    std::os::unix::fs::symlink("/bin/sh", programs.join("fake-interpreter")).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let shop = beside.shop().environment("PATH", path).start().await;
    says(&shop, "the next attempt is in 5s").await;
    says(
        &shop,
        "fake is off: what is only pretended, because fake-interpreter is not installed service=",
    )
    .await;
    assert!(!products(&shop).await.is_empty());
}

#[tokio::test]
async fn one_with_a_wrong_setting_is_not_started_again() {
    let beside = Beside::polite(CONFUSED);
    let shop = beside.shop().start().await;
    says(
        &shop,
        "fake is off: what is only pretended, because of a wrong setting: fake: entries.most = 0",
    )
    .await;
    // Longer than the first pause.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(beside.lives().len(), 1);
    assert!(!products(&shop).await.is_empty());
}

#[tokio::test]
async fn it_is_asked_to_stop_and_killed_when_it_does_not() {
    let polite = Beside::polite(POLITE);
    let mut shop = polite.shop().start().await;
    let id = polite.life(1).await;
    assert!(shop.stop(SOON).await.success());
    assert!(!is_alive(&id));
    assert_eq!(std::fs::read_to_string(polite.path("stopped")).unwrap(), "stopped\n");

    let stubborn = Beside::polite(STUBBORN);
    let mut shop = stubborn.shop().start().await;
    let id = stubborn.life(1).await;
    assert!(shop.stop(SOON).await.success());
    assert!(!is_alive(&id));
    says(&shop, "fake did not stop within 1s and is killed").await;
}

#[tokio::test]
async fn it_dies_with_the_shop() {
    let beside = Beside::polite(STUBBORN);
    let mut shop = beside.shop().start().await;
    let id = beside.life(1).await;
    assert!(is_alive(&id));
    shop.kill().await;
    eventually(SOON, || async { !is_alive(&id) }).await;
}

#[tokio::test]
async fn it_can_be_left_out_and_what_is_not_there_cannot() {
    let beside = Beside::polite(POLITE);
    let shop = beside.shop().argument("--without=fake").start().await;
    assert!(!printed(&shop).contains("fake (being") && !products(&shop).await.is_empty());
    assert_eq!(beside.lives(), Vec::<String>::new());
    drop(shop);

    let services = format!("--services-dir={}", beside.path("services").display());
    let ran =
        run_in(Path::new("/"), &["up", &services, "--without=tea"], &[]).await.exited_with(64);
    assert!(ran.err.contains("choose from catalog") && ran.err.contains("fake"), "{}", ran.err);
}

/// Adds a service with this name to a folder of services.
fn add_service(services: &Path, folder: &str, name: &str) -> PathBuf {
    let folder = services.join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let manifest = format!(
        r#"
name = "{name}"
language = "cobol"
services = ["souk.other.v1.OtherService"]
summary = "nothing"
listen = "127.0.0.1:0"
metrics_listen = "127.0.0.1:0"
[run]
command = ["sleep", "600"]
"#
    );
    std::fs::write(folder.join("souk.service.toml"), manifest).unwrap();
    folder
}

#[tokio::test]
async fn services_of_other_folders_run_beside_those_of_the_shop() {
    let beside = Beside::polite(POLITE);
    let team = folder();
    let other = folder();
    add_service(team.path(), "loyalty", "loyalty");
    add_service(other.path(), "tax", "tax");
    // The folder in which it runs has the shop's own services.
    let mut up = tokio::process::Command::new(souk());
    up.args(["up", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0", "--services-dir"]);
    up.arg(team.path()).arg("--services-dir").arg(other.path());
    // It is the shop's own, and counts once.
    up.arg("--services-dir=services").current_dir(beside.folder.path()).kill_on_drop(true);
    up.env("HOME_OF_TEST", beside.folder.path());
    let log = std::fs::File::create(beside.path("log")).unwrap();
    up.stdout(log.try_clone().unwrap()).stderr(log);
    let _up = up.spawn().unwrap();
    eventually(SOON, || async {
        let printed = std::fs::read_to_string(beside.path("log")).unwrap();
        let is_there = |name: &str| {
            printed.lines().filter(|line| line.contains(&format!("  {name} ("))).count() == 1
        };
        let all = ["fake", "loyalty", "tax"];
        if all.into_iter().all(is_there) { Ok(()) } else { Err(printed) }
    })
    .await;
    beside.life(1).await;
}

#[tokio::test]
async fn a_name_that_two_services_have_ends_the_start_with_both_folders() {
    let beside = Beside::polite(POLITE);
    let team = folder();
    let twin = add_service(team.path(), "twin", "fake");
    let services = format!("--services-dir={}", team.path().display());
    let ran = run_in(beside.folder.path(), &["up", &services], &[]).await.exited_with(64);
    for folder in [&twin, &beside.path("services/fake")] {
        assert!(ran.err.contains(&folder.display().to_string()), "{}", ran.err);
    }
    assert!(ran.err.contains("name fake"), "{}", ran.err);

    std::fs::remove_dir_all(&twin).unwrap();
    let orders = add_service(team.path(), "ours", "orders");
    let ran = run_in(beside.folder.path(), &["up", &services], &[]).await.exited_with(64);
    assert!(ran.err.contains(&orders.display().to_string()), "{}", ran.err);
    assert!(ran.err.contains("orders, which is a service of this program"), "{}", ran.err);

    let missing = run_in(beside.folder.path(), &["up", "--services-dir=/nowhere"], &[]).await;
    assert!(missing.exited_with(64).err.contains("--services-dir = \"/nowhere\""));
}

#[tokio::test]
async fn a_manifest_that_is_wrong_turns_off_its_service_and_not_the_shop() {
    let beside = Beside::polite(POLITE);
    let broken = add_service(&beside.path("services"), "broken", "broken");
    let manifest = broken.join("souk.service.toml");
    let text = std::fs::read_to_string(&manifest).unwrap().replace("summary", "sumary");
    std::fs::write(&manifest, text).unwrap();
    let shop = beside.shop().argument("--grant=broken=orders.read").start().await;
    let why =
        format!("its manifest is wrong: {}: line 5: unknown field `sumary`", manifest.display());
    says(&shop, &format!("off       broken: {why}")).await;
    says(&shop, &format!("broken is off: {why}")).await;
    beside.life(1).await;
    assert!(!products(&shop).await.is_empty());
    let lines = printed(&shop).matches("broken is off").count();
    assert_eq!(lines, 1, "{}", printed(&shop));
}
