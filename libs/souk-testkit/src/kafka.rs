//! A real Apache Kafka: one node that is broker and controller, in a folder of its own.

use std::{fs, path::Path};

use crate::broker::{Server, free_port, programs};

/// The variable that names the folder of Kafka's jars.
const VARIABLE: &str = "SOUK_KAFKA";

/// A running broker, gone when this is dropped.
pub struct Kafka {
    server: Server,
    port: u16,
}

impl Kafka {
    /// Returns whether there is a Kafka here, and reports it where there is none.
    ///
    /// # Panics
    /// In continuous integration (`CI=true`) it must be there.
    pub fn is_available() -> bool {
        programs(VARIABLE, "Apache Kafka").is_some()
    }

    /// Starts a broker that is up quickly.
    ///
    /// # Panics
    /// When there is no Kafka here, or it does not start.
    pub async fn start() -> Kafka {
        // The second compiler of Java pays after a minute or so; a test is over by then.
        Kafka::start_with(&["-Xmx384m", "-XX:TieredStopAtLevel=1"]).await
    }

    /// Starts a broker whose speed may be measured.
    ///
    /// # Panics
    /// When there is no Kafka here, or it does not start.
    pub async fn start_to_measure() -> Kafka {
        Kafka::start_with(&["-Xmx1g", "-Xms1g"]).await
    }

    async fn start_with(options: &[&str]) -> Kafka {
        let jars = programs(VARIABLE, "Apache Kafka").expect("there is a Kafka");
        let port = free_port();
        let controller = free_port();
        let controller = if controller == port { port + 1 } else { controller };
        let prepare = |folder: &Path| {
            // A copy, since the folder of jars may be closed to the user who runs it.
            let copy = folder.join("jars");
            fs::create_dir(&copy).expect("a folder can be made");
            for jar in fs::read_dir(&jars).expect("SOUK_KAFKA is a folder").flatten() {
                fs::copy(jar.path(), copy.join(jar.file_name())).expect("a jar can be copied");
            }
            fs::write(folder.join("server.properties"), properties(folder, port, controller))
                .expect("it can be written");
            fs::write(folder.join("log4j2.properties"), LOGGING).expect("it can be written");
            let java = [
                "java",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "-Djava.awt.headless=true",
                &format!(
                    "-Dlog4j2.configurationFile=file:{}",
                    folder.join("log4j2.properties").display()
                ),
                "-cp",
                &format!("{}/*", copy.display()),
            ]
            .join(" ");
            let settings = folder.join("server.properties");
            // `set -f`: the star is Java's.
            let script = format!(
                "set -f
[ -e {folder}/data/meta.properties ] || {java} kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAQ -c {settings} || exit
exec {java} {options} kafka.Kafka {settings}",
                folder = folder.display(),
                settings = settings.display(),
                options = options.join(" "),
            );
            vec!["sh".into(), "-c".into(), script]
        };
        let server = Server::start("kafka", "Kafka Server started", prepare).await;
        Kafka { server, port }
    }

    /// Returns where clients find it: `127.0.0.1:29092`.
    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Kills it: SIGKILL.
    pub async fn kill(&mut self) {
        self.server.kill().await;
    }

    /// Starts it again on the same data and port, after killing it when it runs.
    pub async fn restart(&mut self) {
        self.server.restart().await;
    }
}

/// The session is short, since a broker that was killed may not come back before its last session
/// is over.
fn properties(folder: &Path, port: u16, controller: u16) -> String {
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=4
log.cleaner.enable=false
",
        folder.join("data").display()
    )
}

const LOGGING: &str = "rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %m (%c)%n
";
