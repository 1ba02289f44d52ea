package chassis

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"google.golang.org/grpc/grpclog"
)

const configurationExit = 64

// Main runs a service until SIGTERM or SIGINT: configure, telemetry, build (migrate), bind, serve,
// drain, exit.
//
// The only argument is --config FILE. The exit code is 0 after a clean drain, 64 for a wrong setting
// or argument, and 1 for everything else, with one line on stderr that says what was wrong.
func Main[C any](definition Definition[C]) {
	// Lines of gRPC have another form, and say what the chassis logs and counts itself.
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	err := run(definition, os.Args[1:])
	var wrong *ConfigError
	switch {
	case err == nil:
		return
	case errors.As(err, &wrong):
		os.Exit(fail(definition.Name, err, configurationExit))
	default:
		os.Exit(fail(definition.Name, err, 1))
	}
}

func run[C any](definition Definition[C], arguments []string) error {
	file := ""
	switch {
	case len(arguments) == 0:
	case arguments[0] == "--help" || arguments[0] == "-h":
		fmt.Print(help(definition.Name))
		return nil
	case len(arguments) == 2 && arguments[0] == "--config":
		file = arguments[1]
	default:
		return configError("%s: the only argument is --config FILE", strings.Join(arguments, " "))
	}
	// Signals that come during the start count too.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	running, err := Start(definition, Options{File: file, Environment: os.Environ()})
	if err != nil {
		return err
	}
	running.log.Info(fmt.Sprintf("%s: draining", <-signals))
	return running.Drain()
}

func fail(name string, err error, code int) int {
	fmt.Fprintf(os.Stderr, "%s: %s\n", name, strings.Join(strings.Fields(withCauses(err)), " "))
	return code
}

func help(name string) string {
	const text = "%s [--config FILE]\n\nServes %s until SIGTERM. Settings come from its defaults, FILE and %s__SECTION__KEY.\n"
	return fmt.Sprintf(text, name, name, strings.ToUpper(strings.ReplaceAll(name, "-", "_")))
}
