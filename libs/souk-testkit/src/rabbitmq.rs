//! A real RabbitMQ: one node with an epmd of its own, in a folder of its own.

use std::{fs, path::Path, time::Duration};

use crate::{
    broker::{Server, free_port, programs},
    eventually,
};

/// The variable that names the folder of RabbitMQ, which holds `sbin/rabbitmq-server`.
const VARIABLE: &str = "SOUK_RABBITMQ";

/// A running broker, gone when this is dropped.
pub struct RabbitMq {
    server: Server,
    port: u16,
}

impl RabbitMq {
    /// Returns whether there is a RabbitMQ here, and reports it where there is none.
    ///
    /// # Panics
    /// In continuous integration (`CI=true`) it must be there.
    pub fn is_available() -> bool {
        programs(VARIABLE, "RabbitMQ").is_some()
    }

    /// Starts a broker.
    ///
    /// # Panics
    /// When there is no RabbitMQ here, or it does not start.
    pub async fn start() -> RabbitMq {
        let home = programs(VARIABLE, "RabbitMQ").expect("there is a RabbitMQ");
        let mut ports = Vec::new();
        while ports.len() < 3 {
            let port = free_port();
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        let [port, distribution, epmd] = [ports[0], ports[1], ports[2]];
        let prepare = |folder: &Path| {
            // Without the management plug-in and all others: each would open a port of its own.
            fs::write(folder.join("enabled_plugins"), "[].\n").expect("it can be written");
            let settings = format!(
                "listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = false\nlog.file.level = warning\n"
            );
            fs::write(folder.join("rabbitmq.conf"), settings).expect("it can be written");
            let folder = folder.display();
            let script = format!(
                "export HOME={folder} ERL_EPMD_PORT={epmd} ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_NODENAME=souk@localhost RABBITMQ_DIST_PORT={distribution} RABBITMQ_CONF_ENV_FILE={folder}/none
export RABBITMQ_MNESIA_BASE={folder}/data RABBITMQ_LOG_BASE={folder}/log RABBITMQ_PID_FILE={folder}/pid
export RABBITMQ_CONFIG_FILE={folder}/rabbitmq.conf RABBITMQ_GENERATED_CONFIG_DIR={folder}/generated
export RABBITMQ_ENABLED_PLUGINS_FILE={folder}/enabled_plugins RABBITMQ_FEATURE_FLAGS_FILE={folder}/feature_flags
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {{127,0,0,1}}'
epmd -address 127.0.0.1 -port {epmd} &
exec {}/sbin/rabbitmq-server",
                home.display()
            );
            // epmd is started here and not by Erlang, which would leave it behind.
            vec!["sh".into(), "-c".into(), script]
        };
        let server = Server::start("rabbitmq", " completed with ", prepare).await;
        RabbitMq { server, port }
    }

    /// Returns where clients find it: `amqp://guest:guest@127.0.0.1:25672`.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.port)
    }

    /// Waits until the node would find its streams again after being killed. To be called once
    /// there are streams.
    ///
    /// RabbitMQ 3.10 remembers who coordinates its streams in a table that it writes when the table
    /// was idle for half a second. A node that is killed before, under load from its very first
    /// stream on, has lost all of them.
    ///
    /// # Panics
    /// When it does not come to rest.
    pub async fn settles(&self) {
        let table =
            self.server.folder().join("data/souk@localhost/coordination/souk@localhost/names.dets");
        eventually(Duration::from_secs(20), || async {
            let written = fs::read(&table).unwrap_or_default();
            let name = b"rabbit_stream_coordinator";
            written.windows(name.len()).any(|window| window == name)
        })
        .await;
    }

    /// Kills it: SIGKILL to the Erlang machine and its epmd.
    pub async fn kill(&mut self) {
        self.server.kill().await;
    }

    /// Starts it again on the same data and ports, after killing it when it runs.
    pub async fn restart(&mut self) {
        self.server.restart().await;
    }
}
