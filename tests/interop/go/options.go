package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

type options map[string]string

// parseOptions reads --name value pairs; a name without a value is a switch.
func parseOptions(arguments []string) options {
	result := options{}
	for i := 0; i < len(arguments); i++ {
		name := strings.TrimPrefix(arguments[i], "--")
		if i+1 < len(arguments) && !strings.HasPrefix(arguments[i+1], "--") {
			i++
			result[name] = arguments[i]
		} else {
			result[name] = "true"
		}
	}
	return result
}

func (o options) text(name, fallback string) string {
	if value, found := o[name]; found {
		return value
	}
	return fallback
}

func (o options) number(name string, fallback int) int {
	value, found := o[name]
	if !found {
		return fallback
	}
	number, err := strconv.Atoi(value)
	if err != nil {
		fmt.Fprintf(os.Stderr, "--%s: %v\n", name, err)
		os.Exit(2)
	}
	return number
}

func (o options) nameServers() []string {
	return strings.Split(o.text("nameserver", ""), ";")
}

func (o options) deadline() time.Duration {
	return time.Duration(o.number("deadline-ms", 60_000)) * time.Millisecond
}
