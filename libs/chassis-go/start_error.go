package chassis

// ConfigError says that a setting is not allowed: its name, its value and what is allowed. The
// process exits with 64.
type ConfigError struct{ text string }

// Error returns one line.
func (err *ConfigError) Error() string { return err.text }

// StartError says why a process did not start, or did not stop cleanly, in one line. The process
// exits with 1.
type StartError struct{ text string }

// Error returns one line.
func (err *StartError) Error() string { return err.text }
