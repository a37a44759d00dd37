package dev

import (
	"context"
	"os"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// Usage is the CPU time and memory of a process and its descendants.
type Usage struct {
	CPU    float64 // percent of one core since the last measurement; negative the first time
	Memory int64   // resident bytes
}

// Meter measures processes. Its zero value is ready.
type Meter struct {
	at   time.Time
	last map[int]float64 // seconds of CPU
}

// Measure returns the usage of processes. A process that has exited is left out.
func (m *Meter) Measure(ctx context.Context, now time.Time, pids []int) map[int]Usage {
	tree := children(ctx)
	elapsed := now.Sub(m.at).Seconds()
	used, seconds := map[int]Usage{}, map[int]float64{}
	for _, pid := range pids {
		var u Usage
		found := false
		total := 0.0
		list := descendants(tree, int32(pid))
		if pid == os.Getpid() { // our own children are separate parts
			list = list[:1]
		}
		for _, p := range list {
			times, err := p.TimesWithContext(ctx)
			if err != nil {
				continue
			}
			found = true
			total += times.User + times.System
			if memory, err := p.MemoryInfoWithContext(ctx); err == nil {
				u.Memory += int64(memory.RSS)
			}
		}
		if !found {
			continue
		}
		u.CPU = -1
		if before, known := m.last[pid]; known && elapsed > 0 {
			u.CPU = max(0, total-before) / elapsed * 100
		}
		used[pid], seconds[pid] = u, total
	}
	m.at, m.last = now, seconds
	return used
}

// children returns the child processes of each process.
func children(ctx context.Context) map[int32][]int32 {
	tree := map[int32][]int32{}
	all, err := process.PidsWithContext(ctx)
	if err != nil {
		return tree
	}
	for _, pid := range all {
		p := &process.Process{Pid: pid}
		if parent, err := p.PpidWithContext(ctx); err == nil {
			tree[parent] = append(tree[parent], pid)
		}
	}
	return tree
}

// descendants returns a process and its descendants.
func descendants(tree map[int32][]int32, pid int32) []*process.Process {
	list := []*process.Process{{Pid: pid}}
	for i := 0; i < len(list); i++ {
		for _, child := range tree[list[i].Pid] {
			list = append(list, &process.Process{Pid: child})
		}
	}
	return list
}
